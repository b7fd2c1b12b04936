import type { Log } from "../log.ts";
import type { SourceChange, Stream } from "../streams/stream.ts";

/** One line when an encoder waits behind another, or goes on air in its place. */
export function logSourceChange(log: Log, { path }: Stream, { role, what, reason }: SourceChange): void {
  if (what === "waits") log.info(`the ${role} encoder waits to take over`, { path });
  else if (what === "got-back") log.info(`the ${role} encoder has the stream back`, { path });
  else {
    const other = role === "backup" ? "primary" : "backup";
    const why = reason === "silent" ? `the ${other} encoder sends no media` : `the ${other} encoder has left`;
    log.warn(`the ${role} encoder took over`, { path, reason: why });
  }
}
