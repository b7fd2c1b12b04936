export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where lines for the operator go. Handed in, never imported as a singleton. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** A log whose level can be changed while it is used. */
export type AdjustableLog = Log & { level: LogLevel };

const ORDER: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** A log that formats one line per entry (`2026-01-01T00:00:00.000Z INFO message key=value`) and hands it to `write`. */
export function createLog(level: LogLevel, write: (line: string) => void, wallclock: () => Date): AdjustableLog {
  let least = ORDER.indexOf(level);
  const line = (at: LogLevel) => (message: string, fields?: LogFields) => {
    if (ORDER.indexOf(at) < least) return;
    write(`${wallclock().toISOString()} ${at.toUpperCase().padEnd(5)} ${printable(message)}${formatFields(fields)}\n`);
  };
  return {
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    get level() {
      return ORDER[least] ?? level;
    },
    set level(next) {
      least = ORDER.indexOf(next);
    },
  };
}

/** For tests and embedded use. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

function formatFields(fields: LogFields | undefined): string {
  if (!fields) return "";
  let out = "";
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const text = printable(String(value));
    out += ` ${key}=${/[\s"=]/.test(text) || text === "" ? JSON.stringify(text) : text}`;
  }
  return out;
}

/** Peers choose names and reasons: control characters must not reach a terminal. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "\ufffd");
}
