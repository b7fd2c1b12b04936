import { resolve } from "node:path";
import type { AccessLogConfig } from "../access-log/config.ts";
import { type LineFormat, lineFormat } from "../access-log/format.ts";
import { localTime } from "../access-log/local-time.ts";
import { LogFile } from "../access-log/log-file.ts";
import type { Log } from "../log.ts";
import type { Millis } from "../media/time.ts";
import type { Session, SessionObserver } from "../streams/sessions.ts";

export type AccessLogsOptions = {
  readonly log: Log;
  readonly now: () => Millis;
  /** Logs of the application that a stream is of. */
  readonly ofStream: (path: string) => AccessLogConfig;
};

/** Writes a line for each publish and play that has ended. */
export class AccessLogs implements SessionObserver {
  readonly #options: AccessLogsOptions;
  readonly #files = new Map<string, LogFile>();
  readonly #formats = new Map<string, LineFormat>();
  readonly #reopen = () => {
    for (const file of this.#files.values()) file.reopen();
  };

  constructor(options: AccessLogsOptions) {
    this.#options = options;
    process.on("SIGUSR1", this.#reopen);
  }

  ended(session: Session): void {
    const logs = this.#options.ofStream(session.target.path);
    // As in nginx-rtmp, what this server does itself is no access.
    if (logs.length === 0 || session.client.isRelay) return;
    const wallclock = Date.now();
    const ended = {
      session,
      stats: session.stats(),
      seconds: Math.max(0, Math.floor((this.#options.now() - session.client.connectedAt) / 1000)),
      wallclock,
      localTime: localTime(new Date(wallclock)),
    };
    for (const { file, format } of logs) this.#file(resolve(file)).write(this.#format(format)(ended));
  }

  /** Writes out what waits. */
  async close(): Promise<void> {
    process.off("SIGUSR1", this.#reopen);
    await Promise.all([...this.#files.values()].map((file) => file.close()));
  }

  #file(path: string): LogFile {
    const file = this.#files.get(path) ?? new LogFile(path, this.#options.log);
    this.#files.set(path, file);
    return file;
  }

  #format(text: string): LineFormat {
    const format = this.#formats.get(text) ?? lineFormat(text);
    this.#formats.set(text, format);
    return format;
  }
}
