import { chmodSync } from "node:fs";
import { TemporaryDirectory } from "../directory.ts";
import { start } from "../process.ts";

const NOBODY = 65534;

/** Faults of the test's surroundings: no sound device, no desktop, and the end of the recording. */
const NOT_OF_THE_STREAM =
  /audio output error|dbus interface error|main interface error|libvlc error|mux warning: no more input/;

/**
 * Plays a URL with VLC for some seconds and keeps what it played.
 * @param use gets the file that VLC wrote (MPEG-TS)
 * @returns what `use` returned, and the errors and warnings in VLC's log
 */
export async function playWithVlc<T>(
  url: string,
  seconds: number,
  use: (file: string) => Promise<T>,
): Promise<{ file: T; complaints: string[] }> {
  using directory = new TemporaryDirectory();
  // VLC refuses to run as root.
  chmodSync(directory.path, 0o777);
  const file = directory.join("played.ts");
  const player = ["-I", "dummy", "-vv", "--no-color", `--run-time=${seconds}`, "--play-and-exit"];
  const vlc = start("cvlc", [...player, "--sout", `#std{access=file,mux=ts,dst=${file}}`, url, "vlc://quit"], {
    env: { HOME: directory.path },
    uid: process.getuid?.() === 0 ? NOBODY : undefined,
    cwd: directory.path,
  });
  await vlc.end((seconds + 20) * 1000);
  const complaints = vlc.output.match(/^.* (error|warning): .*$/gm) ?? [];
  return { file: await use(file), complaints: complaints.filter((line) => !NOT_OF_THE_STREAM.test(line)) };
}
