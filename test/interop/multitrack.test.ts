import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { Page } from "puppeteer-core";
import { FlvDemuxer } from "../../src/formats/flv/demuxer.ts";
import type { MediaEvent } from "../../src/media/event.ts";
import type { ClientConfiguration } from "../../src/obs/client-configuration.ts";
import { Chromium, type VideoSample, watchVideo } from "../support/clients/chromium.ts";
import { startValidation } from "../support/clients/naru-validate.ts";
import { publishWithNodeav } from "../support/clients/nodeav.ts";
import { ScriptedPublisher } from "../support/clients/scripted-publisher.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { ladderClips, MULTITRACK_FORMS, multitrackTags } from "../support/multitrack-tags.ts";
import { type Naru, startNaru } from "../support/naru.ts";
import { PlayerPage } from "../support/player-page.ts";
import { run, until } from "../support/process.ts";
import { projectPath } from "../support/project.ts";
import { testWith } from "../support/requires.ts";

/** How long each quality is watched. `TEST_SECONDS=20` for a thorough run. */
const SECONDS = Number(process.env.TEST_SECONDS ?? 3);
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

  testWith("ffmpeg", "chromium")(
    "is played in each quality by hls.js, and by Shaka Player, and nothing is found wrong with it",
    async () => {
      const { video, audio } = await ladderClips();
      await using naru = await startNaru();
      const tags = multitrackTags({ form: "one-track", video, audio: audio.slice(0, 1) });
      await using _ = await publish(naru, tags);
      const url = await ladder(naru, 3);
      expect(resolutions(await text(url))).toEqual(["640x360", "426x240", "256x144"]);
      await using validation = startValidation(url, false);
      using page = new PlayerPage();
      await using chromium = await Chromium.launch();
      const switched = await Promise.all([
        playEach(chromium, page.url(url, "hls")),
        chromium
          .play(page.url(url, "shaka", { abr: { enabled: false } }), SECONDS * 2, 40_000)
          .then(({ samples, complaints }) => [...standstills(samples), ...complaints]),
      ]);
      expect(switched).toEqual([[], []]);
      expect((await validation.end()).filter(({ severity }) => severity !== "info")).toEqual([]);
    },
    TIMEOUT_MS,
  );

  testWith("ffmpeg", "chromium")(
    "with two sounds, many tracks a message: they are renditions with name and language, and a player plays either",
    async () => {
      const clips = await ladderClips();
      await using naru = await startNaru();
      await using _ = await publish(naru, multitrackTags({ form: "many-tracks", ...clips, sounds: SOUNDS }));
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
      const faults = standstills(await watchVideo(player, SECONDS));
      await player.evaluate("void (hls.audioTrack = 1)");
      await player.waitForFunction("hls.audioTrack === 1", { timeout: 20_000 });
      faults.push(...standstills(await watchVideo(player, SECONDS)), ...complaints.filter(isFault));
      expect(faults).toEqual([]);
      expect((await validation.end()).filter(({ severity }) => severity !== "info")).toEqual([]);
    },
    TIMEOUT_MS,
  );

  testWith("ffmpeg", "nodeav")(
    "by FFmpeg 8: two pictures and two sounds",
    async () => {
      const { video, audio } = await ladderClips();
      using directory = new TemporaryDirectory();
      const file = `${directory.path}/tracks.mkv`;
      const inputs = [...video.slice(0, 2), ...audio].flatMap((clip) => ["-i", clip]);
      const maps = [0, 1, 2, 3].flatMap((input) => ["-map", String(input)]);
      await run("ffmpeg", ["-v", "error", "-nostdin", ...inputs, ...maps, "-c", "copy", "-t", "20", file]);
      await using naru = await startNaru();
      const encoder = publishWithNodeav(file, naru.publishUrl("live/ladder"));
      const playlist = await text(await ladder(naru, 2));
      expect(resolutions(playlist)).toEqual(["640x360", "426x240"]);
      expect(playlist.match(/#EXT-X-MEDIA:TYPE=AUDIO/g)?.length).toBe(2);
      await encoder.stop("SIGKILL");
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

/** What goes wrong while hls.js is sent down and up again. */
async function playEach(chromium: Chromium, url: string): Promise<string[]> {
  const { page, complaints } = await chromium.open(url);
  await playing(page);
  const faults: string[] = [];
  for (const height of [144, 360]) {
    await page.evaluate(`void (hls.nextLevel = hls.levels.findIndex((level) => level.height === ${height}))`);
    const shown = `document.querySelector("video").videoHeight === ${height}`;
    await page.waitForFunction(shown, { timeout: 20_000 }).catch(() => faults.push(`${height} lines were not shown`));
    faults.push(...standstills(await watchVideo(page, SECONDS)));
  }
  await page.close();
  return [...faults, ...complaints.filter(isFault)];
}

/** What hls.js gets over by itself, when a sound or a quality gives way to another, is none. */
const isFault = (complaint: string): boolean => !/^console: hls\.js \w+ \w+ false/.test(complaint);

/** On a busy machine pictures are dropped, but time goes on. */
function standstills(samples: readonly VideoSample[]): string[] {
  const [first] = samples;
  const last = samples.at(-1);
  const errors = samples.map(({ error }) => error).filter(Boolean);
  if (!first || !last) return [...errors, "not watched"];
  const played = last.currentTime - first.currentTime;
  const seconds = (samples.length - 1) / 2;
  if (played < seconds / 2) errors.push(`played ${played.toFixed(1)} s in ${seconds} s`);
  if (last.frames <= first.frames) errors.push("no picture");
  return errors;
}

async function playing(page: Page): Promise<void> {
  const video = `document.querySelector("video")`;
  await page.waitForFunction(`${video}.readyState >= 3 && ${video}.currentTime > 0`, { timeout: 40_000 });
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
