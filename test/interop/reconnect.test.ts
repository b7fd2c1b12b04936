import { describe, expect, test } from "bun:test";
import { decodeWithFfmpeg, publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { clip } from "../support/clips.ts";
import { startNaru } from "../support/naru.ts";
import { mediaPlaylistUrl, readPlaylist } from "../support/playlist.ts";
import { sleep, until } from "../support/process.ts";
import { testWith } from "../support/requires.ts";

describe("an encoder that goes and comes", () => {
  testWith("ffmpeg")(
    "the same playlist goes on without a discontinuity when it was killed and comes back as it was",
    async () => {
      const file = await clip("h264-aac");
      await using naru = await startNaru();
      const target = naru.publishUrl("live/test");
      const first = publishWithFfmpeg(file, target);
      await naru.live("live/test");
      const url = await mediaPlaylistUrl(naru.playlistUrl("live/test"));
      await sleep(5000);
      await first.stop("SIGKILL");
      const before = await readPlaylist(url);
      expect(before.ended).toBe(false);

      await using _ = publishWithFfmpeg(file, target);
      const after = await until("segments of the second publish", 20_000, async () => {
        const playlist = await readPlaylist(url);
        return playlist.next.msn > before.next.msn + 3 ? playlist : undefined;
      });
      expect(after.targetDuration).toBe(before.targetDuration);
      expect(after.mediaSequence).toBeGreaterThanOrEqual(before.mediaSequence);
      expect(after.segments.filter((segment) => segment.discontinuity)).toEqual([]);
      for (const segment of before.segments) {
        expect(after.segments.find(({ msn }) => msn === segment.msn)?.url ?? segment.url).toBe(segment.url);
      }
      expect((await decodeWithFfmpeg(url, 4)).frames.length).toBeGreaterThan(100);
    },
    60_000,
  );

  testWith("ffmpeg")(
    "a second publisher on a live name is refused, and the first does not notice",
    async () => {
      const file = await clip("h264-aac");
      await using naru = await startNaru();
      const target = naru.publishUrl("live/test");
      await using first = publishWithFfmpeg(file, target);
      await naru.live("live/test");
      const second = publishWithFfmpeg(file, target);
      expect(await second.end(15_000)).not.toBe(0);
      await sleep(1000);
      expect(first.exitCode).toBeUndefined();
      expect(first.output).toBe("");
    },
    40_000,
  );

  testWith("ffmpeg")(
    "or takes over where the configuration says so",
    async () => {
      const file = await clip("h264-aac");
      await using naru = await startNaru({ config: { applications: { live: { secondPublisher: "replace" } } } });
      const target = naru.publishUrl("live/test");
      await using first = publishWithFfmpeg(file, target);
      await naru.live("live/test");
      await using second = publishWithFfmpeg(file, target);
      await first.end(10_000);
      await sleep(2000);
      expect(second.exitCode).toBeUndefined();
    },
    40_000,
  );

  test("a stream that nobody publishes is not found, at once", async () => {
    await using naru = await startNaru();
    const asked = performance.now();
    expect((await fetch(naru.playlistUrl("live/nobody"))).status).toBe(404);
    expect(performance.now() - asked).toBeLessThan(5000);
  });
});
