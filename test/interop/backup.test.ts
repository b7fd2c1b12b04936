import { describe, expect } from "bun:test";
import { publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { type Naru, startNaru } from "../support/naru.ts";
import { mediaPlaylistUrl, readPlaylist } from "../support/playlist.ts";
import { sleep, until } from "../support/process.ts";
import { testWith } from "../support/requires.ts";
import { FRAME_RATE, surviveClip } from "../survive/clips.ts";
import { PlayerRoom } from "../survive/players.ts";
import { measurePlayback } from "../survive/stall.ts";

type Encoder = { readonly role: string; readonly state: string };
type StreamState = { readonly state: string; readonly onAir?: string; readonly encoders: readonly Encoder[] };

async function stateOf(naru: Naru, path: string): Promise<StreamState> {
  return (await (await fetch(`${naru.http}/api/streams/${path}`)).json()) as StreamState;
}

const onAir = (naru: Naru, path: string, role: string, timeoutMs = 10_000) =>
  until(`${role} on air`, timeoutMs, async () => ((await stateOf(naru, path)).onAir === role ? true : undefined));

/** A takeover is due within a segment; a player may stand still for two, as in the other tests of survival. */
const SEGMENT_SECONDS = 2;

const CASES = [
  { path: "live/killed", signal: "SIGKILL", wait: 0 },
  { path: "live/stopped", signal: "SIGSTOP", wait: 1 },
  { path: "ts/killed", signal: "SIGKILL", wait: 0 },
] as const;

/** A first encoder that stops, a second that waits, and somebody who watches. */
async function failOver(naru: Naru, room: PlayerRoom, { path, signal, wait }: (typeof CASES)[number]): Promise<void> {
  const [usual, other] = [await surviveClip("usual"), await surviveClip("other")];
  await using first = publishWithFfmpeg(usual, naru.publishUrl(path), { loop: true });
  const playlist = await naru.live(path);
  await using _ = publishWithFfmpeg(other, naru.publishUrl(`${path}?backup=1`), { loop: true });
  await until("a backup that waits", 10_000, async () => {
    const { encoders } = await stateOf(naru, path);
    return encoders.some(({ role, state }) => role === "backup" && state === "standby") ? true : undefined;
  });
  await using player = await room.play("hls.js", playlist);
  await sleep(6000);

  const url = await mediaPlaylistUrl(playlist);
  const before = await readPlaylist(url);
  const at = Date.now();
  first.signal(signal);
  await onAir(naru, path, "backup");
  const tookMs = Date.now() - at;
  expect(tookMs).toBeLessThan((wait + SEGMENT_SECONDS) * 1000);
  await sleep(8000);

  const { looks, failures } = await player.watched();
  expect(failures).toEqual([]);
  const { longestStall, endRate } = measurePlayback(looks, { since: at - 2000, until: Date.now() }, FRAME_RATE);
  console.info(`  ${path}: taken over after ${tookMs} ms, longest stall ${longestStall.toFixed(2)} s`);
  expect(longestStall).toBeLessThan(2 * SEGMENT_SECONDS);
  expect(endRate).toBeGreaterThan(0.8);

  const after = await readPlaylist(url);
  expect(after.targetDuration).toBe(before.targetDuration);
  expect(after.segments.filter(({ discontinuity }) => discontinuity).length).toBeLessThanOrEqual(1);
  const lines = naru.process.output.split("\n").filter((line) => line.includes("the backup encoder took over"));
  expect(lines.filter((line) => line.includes(`path=${path} `)).length).toBe(1);
  if (signal === "SIGSTOP") first.signal("SIGCONT");
}

/** The first has the stream back when it has been steady for a while, and not before. */
async function handBack(): Promise<void> {
  const [usual, other] = [await surviveClip("usual"), await surviveClip("other")];
  await using naru = await startNaru({
    config: { applications: { live: { backup: { suffix: "_b", handBackAfter: 3 } } } },
  });
  const first = publishWithFfmpeg(usual, naru.publishUrl("live/test"), { loop: true });
  await naru.live("live/test");
  await using _ = publishWithFfmpeg(other, naru.publishUrl("live/test_b"), { loop: true });
  await until("both", 10_000, async () =>
    (await stateOf(naru, "live/test")).encoders.length === 2 ? true : undefined,
  );
  await sleep(2500);
  await first.stop("SIGKILL");
  await onAir(naru, "live/test", "backup");
  await using __ = publishWithFfmpeg(usual, naru.publishUrl("live/test"), { loop: true });
  await sleep(2000);
  expect((await stateOf(naru, "live/test")).onAir).toBe("backup");
  await onAir(naru, "live/test", "primary", 8000);
  expect(naru.process.output).toContain("the primary encoder has the stream back path=live/test");
  const { segments } = await readPlaylist(await mediaPlaylistUrl(naru.playlistUrl("live/test")));
  expect(segments.length).toBeGreaterThan(3);
}

describe("two encoders of one stream", () => {
  testWith("ffmpeg", "chromium")(
    "the first is killed, or stopped with its connection open: players go on with the second, until it is steady again",
    async () => {
      const ts = { hls: { format: "mpegts", lowLatency: false } };
      await using naru = await startNaru({ config: { applications: { live: {}, ts } } });
      await using room = new PlayerRoom();
      await Promise.all([...CASES.map((one) => failOver(naru, room, one)), handBack()]);
    },
    120_000,
  );
});
