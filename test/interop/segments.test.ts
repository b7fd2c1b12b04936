import { afterAll, describe, expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { decodeWithFfmpeg, probe, publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { mediaInfo } from "../support/clients/mediainfo.ts";
import { clip } from "../support/clips.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { type Naru, startNaru } from "../support/naru.ts";
import { compareTimes } from "../support/playback.ts";
import { mediaPlaylistUrl, readPlaylist } from "../support/playlist.ts";
import { sleep } from "../support/process.ts";
import { testWith } from "../support/requires.ts";

/** Judged against the source by the content of each frame. */
const MOST_OFFSET_SECONDS = 0.02;

for (const format of ["cmaf", "mpegts"] as const) {
  describe(`segments as ${format}`, () => {
    const config = { applications: { live: { hls: { format, segment: "2s" } } } };

    testWith("ffmpeg")(
      "sound and picture keep the source's offset",
      async () => {
        const file = await clip("h264-aac");
        const source = await decodeWithFfmpeg(file, 40);
        await using naru = await startNaru({ config });
        await using _ = publishWithFfmpeg(file, naru.publishUrl("live/test"));
        const played = await decodeWithFfmpeg(await naru.live("live/test"), 15);
        const { matchedVideo, matchedAudio, spread } = compareTimes(source.frames, played.frames);
        expect(matchedVideo).toBeGreaterThan(400);
        expect(matchedAudio).toBeGreaterThan(600);
        expect(spread).toBeLessThan(MOST_OFFSET_SECONDS);
      },
      60_000,
    );

    testWith("ffmpeg", "mediainfo")(
      "ffprobe and MediaInfo find no fault",
      async () => {
        using directory = new TemporaryDirectory();
        await using naru = await startNaru({ config });
        await using _ = publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl("live/test"));
        await naru.live("live/test");
        await sleep(9000);
        const url = await mediaPlaylistUrl(naru.playlistUrl("live/test"));
        const { init, segments } = await readPlaylist(url);
        expect(segments.length).toBeGreaterThanOrEqual(3);

        for (const segment of [segments[0], segments.at(-1)]) {
          const file = directory.join(format === "cmaf" ? "segment.mp4" : "segment.ts");
          writeFileSync(file, Buffer.concat([await bytesOf(init), await bytesOf(segment?.url)]));
          const { streams, complaints } = await probe(file);
          expect(complaints).toEqual([]);
          expect(streams.map((stream) => stream.codec_name).sort()).toEqual(["aac", "h264"]);
          const { tracks, faults } = await mediaInfo(file);
          expect(faults).toEqual([]);
          expect(tracks.map((track) => track.Format)).toEqual(expect.arrayContaining(["AVC", "AAC"]));
        }
      },
      60_000,
    );
  });
}

describe("low latency", () => {
  let naru: Naru | undefined;
  afterAll(() => naru?.[Symbol.asyncDispose]());

  testWith("ffmpeg")(
    "parts add up to segments, and a blocking reload brings the next part",
    async () => {
      naru = await startNaru();
      await using _ = publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl("live/test"));
      await naru.live("live/test");
      await sleep(7000);
      const url = await mediaPlaylistUrl(naru.playlistUrl("live/test"));

      const playlist = await readPlaylist(url);
      const segment = playlist.segments.findLast((candidate) => candidate.parts.length > 0 && candidate.url);
      expect(segment).toBeDefined();
      const parts = await Promise.all(segment?.parts.map((part) => bytesOf(part.url)) ?? []);
      expect(Buffer.concat(parts).equals(await bytesOf(segment?.url))).toBe(true);
      const total = segment?.parts.reduce((sum, part) => sum + part.duration, 0) ?? 0;
      expect(Math.abs(total - (segment?.duration ?? 0))).toBeLessThan(0.001);

      const next = playlist.next;
      const asked = performance.now();
      const reloaded = await readPlaylist(`${url}?_HLS_msn=${next.msn}&_HLS_part=${next.part}`);
      const waited = performance.now() - asked;
      expect(waited).toBeLessThan(3000);
      expect([reloaded.next.msn, reloaded.next.part]).not.toEqual([next.msn, next.part]);
    },
    60_000,
  );

  for (const query of ["_HLS_part=0", "_HLS_msn=999999999", "_HLS_msn=abc"]) {
    testWith("ffmpeg")(`a reload with ${query} is a bad request`, async () => {
      const url = await mediaPlaylistUrl((naru as Naru).playlistUrl("live/test"));
      expect((await fetch(`${url}?${query}`)).status).toBe(400);
    });
  }
});

async function bytesOf(url: string | undefined): Promise<Buffer> {
  if (url === undefined) return Buffer.alloc(0);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}
