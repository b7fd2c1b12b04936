import { chmodSync } from "node:fs";
import { TemporaryDirectory } from "../directory.ts";
import { freePort } from "../ports.ts";
import { sleep, start } from "../process.ts";
import { Looks, type WatchedPlayer } from "../watched-player.ts";

const NOBODY = 65534;

/**
 * Faults of the surroundings (no sound device, no desktop, the end of the recording), and what VLC says of every fragmented
 * MP4, whose tables of samples are empty as they must be (ISO/IEC 14496-12 8.8.1).
 */
const NOT_OF_THE_STREAM =
  /audio output error|dbus interface error|main interface error|libvlc error|mux warning: no more input|mp4 demux warning: (no chunk defined|STTS table of 0 entries|that media doesn't look interleaved)/;

/**
 * Plays a URL with VLC for some seconds and keeps what it played.
 * @param use gets the file that VLC wrote (MPEG-TS): `seconds` of it are good, then comes a rest that ends anywhere
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
  const player = ["-I", "dummy", "-vv", "--no-color", "--sout", `#std{access=file,mux=ts,dst=${file}}`];
  const vlc = start("cvlc", [...player, url], {
    env: { HOME: directory.path },
    uid: process.getuid?.() === 0 ? NOBODY : undefined,
    cwd: directory.path,
  });
  await vlc.waitFor(/adding a new sout input/, 20_000);
  // Not --run-time: that counts from the oldest segment in the playlist.
  await sleep((seconds + 2) * 1000);
  await vlc.stop("SIGINT");
  const complaints = vlc.output.match(/^.* (error|warning): .*$/gm) ?? [];
  return { file: await use(file), complaints: complaints.filter((line) => !NOT_OF_THE_STREAM.test(line)) };
}

/** Plays a URL until the scope ends, without a screen; how far it is comes from its HTTP interface. */
export async function watchWithVlc(url: string): Promise<WatchedPlayer> {
  const directory = new TemporaryDirectory();
  chmodSync(directory.path, 0o777);
  const port = await freePort();
  const password = "watched";
  const control = ["--extraintf", "http", "--http-host", "127.0.0.1", "--http-port", `${port}`];
  const output = ["-I", "dummy", "-vv", "--no-color", "--vout", "vdummy", "--aout", "adummy", "--play-and-exit"];
  const vlc = start("cvlc", [...output, ...control, "--http-password", password, url, "vlc://quit"], {
    env: { HOME: directory.path },
    uid: process.getuid?.() === 0 ? NOBODY : undefined,
    cwd: directory.path,
  });
  const authorization = `Basic ${btoa(`:${password}`)}`;
  const looks = new Looks(async () => {
    const status = await fetch(`http://127.0.0.1:${port}/requests/status.json`, {
      headers: { authorization },
      signal: AbortSignal.timeout(2000),
    }).catch(() => undefined);
    const state = (await status?.json().catch(() => undefined)) as
      | { stats?: { displayedpictures?: number } }
      | undefined;
    return state?.stats?.displayedpictures;
  });
  return {
    watched: async () => ({
      looks: looks.taken,
      failures: vlc.exitCode === undefined ? [] : [`ended with exit code ${vlc.exitCode}`],
      complaints: (vlc.output.match(/^.* (error|warning): .*$/gm) ?? []).filter(
        (line) => !NOT_OF_THE_STREAM.test(line),
      ),
    }),
    [Symbol.asyncDispose]: async () => {
      looks.stop();
      await vlc.stop("SIGKILL");
      directory[Symbol.dispose]();
    },
  };
}
