import { chmodSync } from "node:fs";
import { TemporaryDirectory } from "../directory.ts";
import { start } from "../process.ts";

const NOBODY = 65534;

/**
 * Plays a URL with VLC for some seconds and keeps what it played.
 * @param use gets the file that VLC wrote (MPEG-TS) and its log
 */
export async function playWithVlc<T>(
  url: string,
  seconds: number,
  use: (file: string, log: string) => Promise<T>,
): Promise<T> {
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
  return await use(file, vlc.output);
}
