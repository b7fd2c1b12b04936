import { afterAll, describe, expect } from "bun:test";
import { Chromium } from "../support/clients/chromium.ts";
import { decodeWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { playWithGstreamer } from "../support/clients/gstreamer.ts";
import { playWithVlc } from "../support/clients/vlc.ts";
import { faultsOf, faultsOfVideo } from "../support/playback.ts";
import { PlayerPage } from "../support/player-page.ts";
import { testWith } from "../support/requires.ts";
import { LiveStream, PUBLISHERS } from "./publishers.ts";

/** How long each player plays. `TEST_SECONDS=60` for a thorough run. */
const SECONDS = Number(process.env.TEST_SECONDS ?? 8);
const TIMEOUT_MS = SECONDS * 1000 + 60_000;

for (const publisher of PUBLISHERS) {
  describe(`published by ${publisher.name}`, () => {
    const live = new LiveStream(publisher);
    afterAll(() => live[Symbol.asyncDispose](), 30_000);

    testWith(...publisher.needs, "ffmpeg")(
      "ffmpeg plays it",
      async () => {
        const decoded = await decodeWithFfmpeg(await live.playlist(), SECONDS);
        expect(faultsOf(decoded, SECONDS)).toEqual([]);
      },
      TIMEOUT_MS,
    );

    testWith(...publisher.needs, "vlc", "ffmpeg")(
      "VLC plays it",
      async () => {
        const { complaints, file } = await playWithVlc(await live.playlist(), SECONDS, (file) =>
          decodeWithFfmpeg(file, SECONDS),
        );
        expect(complaints).toEqual([]);
        expect(faultsOf(file, SECONDS)).toEqual([]);
      },
      TIMEOUT_MS,
    );

    testWith(...publisher.needs, "gstreamer")(
      "GStreamer plays it",
      async () => {
        const played = await playWithGstreamer(await live.playlist(), SECONDS);
        expect(played.errors).toEqual([]);
        expect(played.rendered).toBeGreaterThan(SECONDS * 30 * 0.8);
        expect(played.dropped).toBeLessThan(played.rendered * 0.05);
        expect(played.audioSeconds).toBeGreaterThan(SECONDS * 0.8);
      },
      TIMEOUT_MS,
    );

    for (const player of ["hls", "native"] as const) {
      testWith(...publisher.needs, "chromium")(
        `Chromium plays it with ${player === "hls" ? "hls.js" : "its own HLS"}`,
        async () => {
          using page = new PlayerPage();
          await using chromium = await Chromium.launch();
          const { samples, complaints } = await chromium.play(page.url(await live.playlist(), player), SECONDS);
          expect(complaints).toEqual([]);
          expect(faultsOfVideo(samples)).toEqual([]);
        },
        TIMEOUT_MS,
      );
    }
  });
}
