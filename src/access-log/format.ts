import type { Millis } from "../media/time.ts";
import type { Session, SessionStats } from "../streams/sessions.ts";

/** nginx-rtmp's own format. */
export const COMBINED =
  '$remote_addr [$time_local] $command "$app" "$name" "$args" - $bytes_received $bytes_sent "$pageurl" "$flashver" ($session_readable_time)';

/** A session that has ended. */
export type EndedSession = {
  readonly session: Pick<Session, "client" | "kind" | "target">;
  readonly stats: Pick<SessionStats, "bytesIn" | "bytesOut">;
  /** Since its connection was made, in whole seconds. */
  readonly seconds: number;
  /** Since 1970. */
  readonly wallclock: Millis;
  /** `wallclock` as `23/Nov/2026:23:18:29 +0000`. */
  readonly localTime: string;
};

type Variable = (ended: EndedSession) => string | number;

/** What can be in a line (nginx-rtmp's variables). */
export const LOG_VARIABLES: Readonly<Record<string, Variable>> = {
  connection: ({ session }) => session.client.id,
  remote_addr: ({ session }) => session.client.address,
  app: ({ session }) => session.client.app,
  flashver: ({ session }) => session.client.flashVer,
  swfurl: ({ session }) => session.client.swfUrl,
  tcurl: ({ session }) => session.client.tcUrl,
  pageurl: ({ session }) => session.client.pageUrl,
  command: ({ session }) => session.kind.toUpperCase(),
  name: ({ session }) => session.target.name,
  args: ({ session }) => session.target.args ?? session.target.query,
  bytes_sent: ({ stats }) => stats.bytesOut,
  bytes_received: ({ stats }) => stats.bytesIn,
  time_local: ({ localTime }) => localTime,
  msec: ({ wallclock }) => (wallclock / 1000).toFixed(3),
  session_time: ({ seconds }) => seconds,
  session_readable_time: ({ seconds }) => readableTime(seconds),
};

/** Makes a line, without its end. */
export type LineFormat = (ended: EndedSession) => string;

/** A variable of the format that there is not. */
export function unknownVariable(format: string): string | undefined {
  for (const [, braced, plain] of format.matchAll(VARIABLE)) {
    const name = braced ?? plain ?? "";
    if (!Object.hasOwn(LOG_VARIABLES, name)) return name;
  }
  return undefined;
}

/** @param format without unknown variables */
export function lineFormat(format: string): LineFormat {
  return (ended) =>
    format.replace(VARIABLE, (_, braced?: string, plain?: string) => {
      const variable = LOG_VARIABLES[braced ?? plain ?? ""];
      return variable ? escapeField(String(variable(ended))) : "";
    });
}

const VARIABLE = /\$(?:\{(\w*)\}|(\w*))/g;

/** Clients choose most of it: a line stays one line, and a quoted field one field, as nginx writes its own logs. */
function escapeField(text: string): string {
  return text.replace(
    /[\u0000-\u001f"\\\u007f-\u009f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

function readableTime(total: number): string {
  const [days, hours, minutes] = [
    Math.floor(total / 86_400),
    Math.floor(total / 3600) % 24,
    Math.floor(total / 60) % 60,
  ];
  const parts = [[days, "d"] as const, [hours, "h"] as const, [minutes, "m"] as const];
  const first = parts.findIndex(([count]) => count > 0);
  const shown = first < 0 ? [] : parts.slice(first);
  return [...shown, [total % 60, "s"] as const].map(([count, unit]) => `${count}${unit}`).join(" ");
}
