import { mediaLibraryPath } from "../media-process/library.ts";
import type { FoundEncoders } from "../transcode/encoders.ts";
import { isExecutable } from "./executable.ts";
import { ownCommand } from "./own-command.ts";

/** Graphics drivers may take a while to wake up. */
const PATIENCE_MS = 20_000;

/** With what the operator types to add it. */
export const libraryMissing = (): string =>
  `the media library node-av is not installed; \`${isExecutable() ? "npm install node-av" : "npm run add-transcoding"}\` ` +
  `${isExecutable() ? "in the directory of the executable " : ""}adds it`;

/** Asks a process of its own what can be encoded with: a driver that crashes takes the server along otherwise. */
export async function findEncoders(): Promise<FoundEncoders> {
  if (mediaLibraryPath() === undefined) return { ok: false, reason: libraryMissing() };
  const child = Bun.spawn(ownCommand("transcode-worker", "--probe"), {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: PATIENCE_MS,
    killSignal: "SIGKILL",
  });
  const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  await child.exited;
  try {
    return JSON.parse(output) as FoundEncoders;
  } catch {
    const why = errors.trim().split("\n").at(-1) || `it ended with ${child.signalCode ?? child.exitCode}`;
    return { ok: false, reason: `the media library does not work: ${why}` };
  }
}
