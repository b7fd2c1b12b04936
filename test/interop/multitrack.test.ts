import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { Page } from "puppeteer-core";
import { FlvDemuxer } from "../../src/formats/flv/demuxer.ts";
import type { MediaEvent } from "../../src/media/event.ts";
import type { ClientConfiguration } from "../../src/obs/client-configuration.ts";
import { Chromium, watchVideo } from "../support/clients/chromium.ts";
import { startValidation } from "../support/clients/naru-validate.ts";
import { ScriptedPublisher } from "../support/clients/scripted-publisher.ts";
import { ladderClips, MULTITRACK_FORMS, multitrackTags } from "../support/multitrack-tags.ts";
import { type Naru, startNaru } from "../support/naru.ts";
import { faultsOfVideo } from "../support/playback.ts";
import { PlayerPage } from "../support/player-page.ts";
import { until } from "../support/process.ts";
import { projectPath } from "../support/project.ts";
import { testWith } from "../support/requires.ts";

/** How long each quality is watched. `TEST_SECONDS=20` for a thorough run. */
const SECONDS = Number(process.env.TEST_SECONDS ?? 4);
const TIMEOUT_MS = SECONDS * 5000 + 60_000;
const SOUNDS = [
  { language: "eng", name: "Room" },
  { language: "deu", name: "Dolmetscherin" },
];

describe("an encoder's ladder, sent by enhanced RTMP", () => {
  testWith("ffmpeg")(
    "is the same tracks with the same frames in each form",
    async () => {
      const clips = await ladderClips();
      const packets = MULTITRACK_FORMS.map((form) => packetsOf(multitrackTags({ form, ...clips, sounds: SOUNDS })));
      const [first = []] = packets;
      expect(first.length).toBeGreaterThan(5000);
      for (const others of packets.slice(1)) expect(others).toEqual(first);
    },
    TIMEOUT_MS,
  );

  for (const form of MULTITRACK_FORMS) {
    testWith("ffmpeg", "chromium")(
      `as ${form}: is played in each quality by hls.js and Shaka Player, and nothing is found wrong with it`,
      async () => {
        const clips = await ladderClips();
        await using naru = await startNaru();
        const audio = clips.audio.slice(0, 1);
        await using _ = await publish(naru, multitrackTags({ form, video: clips.video, audio }));
        const url = await ladder(naru, 3);
        expect(resolutions(await text(url))).toEqual(["640x360", "426x240", "256x144"]);
        await using validation = startValidation(url, false);
        using page = new PlayerPage();
        await using chromium = await Chromium.launch();
        const switched = await Promise.all([
          playEach(chromium, page.url(url, "hls"), chooseInHls),
          playEach(chromium, page.url(url, "shaka"), chooseInShaka),
        ]);
        expect(switched).toEqual([[], []]);
        expect((await validation.end()).filter(({ severity }) => severity !== "info")).toEqual([]);
      },
      TIMEOUT_MS,
    );
  }

  testWith("ffmpeg", "chromium")(
    "with two sounds: they are renditions with name and language, and a player plays either",
    async () => {
      const clips = await ladderClips();
      await using naru = await startNaru();
      await using _ = await publish(naru, multitrackTags({ form: "one-track", ...clips, sounds: SOUNDS }));
      const url = await ladder(naru, 3);
      const renditions = (await text(url)).split("\n").filter((line) => line.startsWith("#EXT-X-MEDIA:"));
      expect(renditions.length).toBe(2);
      expect(renditions[0]).toMatch(/TYPE=AUDIO.*LANGUAGE="en"/);
      expect(renditions[0]).toContain('NAME="Room"');
      expect(renditions[1]).toMatch(/LANGUAGE="de"/);
      expect(renditions[1]).toContain('NAME="Dolmetscherin"');
      await using validation = startValidation(url, false);
      using page = new PlayerPage();
      await using chromium = await Chromium.launch();
      const { page: player, complaints } = await chromium.open(page.url(url, "hls"));
      await playing(player);
      expect(await player.evaluate("hls.audioTracks.map(({ lang, name }) => [lang, name])")).toEqual([
        ["en", "Room"],
        ["de", "Dolmetscherin"],
      ]);
      expect(faultsOfVideo(await watchVideo(player, SECONDS))).toEqual([]);
      await player.evaluate("void (hls.audioTrack = 1)");
      await player.waitForFunction("hls.audioTrack === 1", { timeout: 10_000 });
      await watchVideo(player, 2);
      expect(faultsOfVideo(await watchVideo(player, SECONDS))).toEqual([]);
      expect(complaints).toEqual([]);
      expect((await validation.end()).filter(({ severity }) => severity !== "info")).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

describe("what OBS asks before it sends a ladder", () => {
  const request = (name: string) => readFileSync(projectPath(`test/fixtures/obs/${name}.json`), "utf8");
  /** As `GetRemoteFile` of OBS's sources posts it. */
  const ask = async (naru: Naru, body: string): Promise<ClientConfiguration> => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${naru.http}/api/multitrack/live`, { method: "POST", headers, body });
    expect(response.status).toBe(200);
    return (await response.json()) as ClientConfiguration;
  };

  test("is answered, and the URL in the answer is one to publish to, as OBS makes it", async () => {
    await using naru = await startNaru({ config: { applications: { live: { abr: { rungs: [{ height: 360 }] } } } } });
    const told = await ask(naru, request("request-2025-01-25"));
    expect(told.encoder_configurations.map(({ type, height }) => [type, height])).toEqual([
      ["obs_nvenc_h264_tex", 1080],
      ["obs_nvenc_h264_tex", 360],
    ]);
    const [endpoint] = told.ingest_endpoints;
    const server = new URL(endpoint?.url_template.replace("/{stream_key}", "") ?? "");
    expect([server.protocol, server.port, server.pathname]).toEqual(["rtmp:", String(naru.ports.rtmp), "/live"]);
    const older = await ask(naru, request("request-2024-06-04"));
    expect(older.encoder_configurations.map(({ type, height }) => [type, height])).toEqual([
      ["obs_x264", 720],
      ["obs_x264", 360],
    ]);
    // The key with the id that OBS appends where one is given.
    const path = `live/test?${new URLSearchParams({ bandwidthtest: "true", clientConfigId: "1" })}`;
    await using _ = await ScriptedPublisher.publish({ port: naru.ports.rtmp, path, tags: [] });
    const { streams } = (await (await fetch(`${naru.http}/api/streams`)).json()) as { streams: { path: string }[] };
    expect(streams.map((stream) => stream.path)).toEqual(["live/test"]);
  }, 30_000);
});

const text = async (url: string) => (await fetch(url)).text();
const resolutions = (playlist: string) => [...playlist.matchAll(/RESOLUTION=(\d+x\d+)/g)].map((match) => match[1]);

function publish(naru: Naru, tags: ReturnType<typeof multitrackTags>): Promise<ScriptedPublisher> {
  return ScriptedPublisher.publish({ port: naru.ports.rtmp, path: "live/ladder", tags });
}

/** Waits until each quality has a playlist. */
async function ladder(naru: Naru, variants: number): Promise<string> {
  const url = await naru.live("live/ladder");
  await until(`${variants} qualities`, 10_000, async () => {
    const found = (await text(url)).split("\n").filter((line) => line.endsWith(".m3u8") && !line.startsWith("#"));
    const there = await Promise.all(found.map(async (name) => (await fetch(new URL(name, url))).ok));
    return there.filter(Boolean).length === variants ? true : undefined;
  });
  return url;
}

/** Chooses the quality of a picture's height. */
type Choose = (height: number) => string;
const chooseInHls: Choose = (height) =>
  `void (hls.nextLevel = hls.levels.findIndex((level) => level.height === ${height}))`;
const chooseInShaka: Choose = (height) =>
  `shakaPlayer.configure("abr.enabled", false), shakaPlayer.selectVariantTrack(shakaPlayer.getVariantTracks().find((track) => track.height === ${height}))`;

/** What goes wrong while a player is sent down and up again. */
async function playEach(chromium: Chromium, url: string, choose: Choose): Promise<string[]> {
  const { page, complaints } = await chromium.open(url);
  await playing(page);
  const faults: string[] = [];
  for (const height of [144, 240, 360]) {
    await page.evaluate(choose(height));
    const shown = `document.querySelector("video").videoHeight === ${height}`;
    const watched = watchVideo(page, SECONDS);
    await page.waitForFunction(shown, { timeout: 15_000 }).catch(() => faults.push(`${height} lines were not shown`));
    faults.push(...faultsOfVideo(await watched));
  }
  await page.close();
  return [...faults, ...complaints];
}

async function playing(page: Page): Promise<void> {
  const video = `document.querySelector("video")`;
  await page.waitForFunction(`${video}.readyState >= 3 && ${video}.currentTime > 0`, { timeout: 20_000 });
}

function packetsOf(tags: ReturnType<typeof multitrackTags>): string[] {
  const packets: string[] = [];
  const onEvent = (event: MediaEvent) => {
    if (event.type !== "packet") return;
    packets.push(`${event.track} ${event.dts} ${event.pts} ${event.key} ${Bun.hash(event.data)}`);
  };
  const onSkipped = (reason: string) => packets.push(reason);
  const demuxer = new FlvDemuxer({ onEvent, onSkipped });
  for (const { type, timestamp, body } of tags) demuxer.push(type, timestamp, body, timestamp);
  return packets.sort();
}
