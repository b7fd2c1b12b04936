import { afterAll, beforeAll, describe, expect } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { decodeWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { type Nginx, startNginx } from "../support/clients/nginx.ts";
import { playWithVlc } from "../support/clients/vlc.ts";
import { clip } from "../support/clips.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { type Naru, startNaru } from "../support/naru.ts";
import { compareTimes } from "../support/playback.ts";
import { freePort } from "../support/ports.ts";
import { run, until } from "../support/process.ts";
import { isThere, testWith } from "../support/requires.ts";
import { RtmpPlayer } from "../support/rtmp-player.ts";

const SECONDS = 3;
const FRAME_RATE = 30;

let naru: Naru;
let nginx: Nginx | undefined;
let directory: TemporaryDirectory;
let web: ReturnType<typeof Bun.serve>;
let nginxPort = 0;
/** What lay there when half of a file was fetched. */
let halfFetched: readonly string[] = [];

async function* slowly(bytes: Uint8Array) {
  const half = bytes.length >> 1;
  yield bytes.subarray(0, half);
  await Bun.sleep(300);
  halfFetched = readdirSync(directory.join("fetched"));
  yield bytes.subarray(half);
}

beforeAll(async () => {
  directory = new TemporaryDirectory();
  const source = await clip("h264-aac");
  copyFileSync(source, directory.join("film.mp4"));
  const copy = ["-v", "error", "-nostdin", "-i", source, "-c", "copy"];
  await run("ffmpeg", [...copy, directory.join("film.flv")]);
  await run("ffmpeg", [...copy, "-movflags", "frag_keyframe+empty_moov", directory.join("fragments.mp4")]);
  writeFileSync(directory.join("broken.mp4"), new Uint8Array(1000));
  web = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: ({ url }) =>
      new URL(url).pathname === "/files/far.mp4"
        ? new Response(slowly(readFileSync(source)))
        : new Response("", { status: 404 }),
  });
  for (const kept of ["kept", "fetched"]) mkdirSync(directory.join(kept));
  naru = await startNaru({
    nginxConf: ({ rtmp, http }) => `rtmp { server { listen 127.0.0.1:${rtmp}; buflen 2s; application vod {
  play ${directory.path} http://127.0.0.1:${web.port}/files;
  play_temp_path ${directory.join("fetched")}; play_local_path ${directory.join("kept")};
} } }
http { server { listen 127.0.0.1:${http}; } }`,
  });
  if (!isThere("nginx")) return;
  nginxPort = await freePort();
  const httpPort = await freePort();
  nginx = await startNginx(
    `rtmp { server { listen 127.0.0.1:${nginxPort}; application vod { play ${directory.path}; } } }
http { server { listen 127.0.0.1:${httpPort}; } }`,
    httpPort,
  );
}, 60_000);

afterAll(async () => {
  await naru[Symbol.asyncDispose]();
  await nginx?.[Symbol.asyncDispose]();
  await web.stop(true);
  directory[Symbol.dispose]();
});

const rtmpPort = () => Number(new URL(naru.publishUrl("vod/film").replace("rtmp:", "http:")).port);

/** Plays by a script, and notes what comes. */
function play(name: string, start: number, bufferLength = 60_000) {
  const codes: string[] = [];
  const times: number[] = [];
  let time = 0;
  const player = new RtmpPlayer(
    { port: rtmpPort(), app: "vod", name },
    ({ type, timestamp }) => {
      time = timestamp;
      if (type === 9) times.push(timestamp);
    },
    { start, bufferLength, onStatus: (code) => codes.push(code) },
  );
  return { player, codes, times, time: () => time };
}

const told = (codes: readonly string[], code: string) =>
  until(code, 10_000, async () => (codes.includes(code) ? true : undefined));

describe("a file is played", () => {
  for (const [name, file] of [
    ["film", "film.flv"],
    ["film.mp4", "film.mp4"],
    ["fragments", "fragments.mp4"],
    ["far", "film.mp4"],
  ] as const) {
    testWith("ffmpeg")(
      `to ffmpeg, as ${name}, with the frames and times of the file`,
      async () => {
        const [played, source] = await Promise.all([
          decodeWithFfmpeg(naru.publishUrl(`vod/${name}`), SECONDS),
          decodeWithFfmpeg(directory.join(file), SECONDS + 1),
        ]);
        const { matchedVideo, spread } = compareTimes(source.frames, played.frames);
        expect(matchedVideo).toBeGreaterThan((SECONDS - 0.5) * FRAME_RATE);
        expect(spread).toBeLessThan(0.005);
        expect(existsSync(directory.join("kept/far.mp4"))).toBe(name === "far");
        expect(halfFetched.length).toBe(name === "far" ? 1 : 0);
        expect(readdirSync(directory.join("fetched"))).toEqual([]);
      },
      60_000,
    );
  }

  testWith("ffmpeg", "nginx")(
    "as nginx-rtmp plays it",
    async () => {
      const theirs = await decodeWithFfmpeg(`rtmp://127.0.0.1:${nginxPort}/vod/film`, SECONDS);
      const ours = await decodeWithFfmpeg(naru.publishUrl("vod/film"), SECONDS);
      const { matchedVideo, matchedAudio, spread } = compareTimes(theirs.frames, ours.frames);
      expect(matchedVideo).toBeGreaterThan((SECONDS - 0.5) * FRAME_RATE);
      expect(matchedAudio).toBeGreaterThan(0);
      expect(spread).toBeLessThan(0.005);
    },
    60_000,
  );

  testWith("ffmpeg", "rtmpdump")(
    "to rtmpdump, from the keyframe before a place",
    async () => {
      const out = directory.join("dumped.flv");
      const url = naru.publishUrl("vod");
      for (const name of ["film", "mp4:film.mp4", "fragments"]) {
        await run("rtmpdump", ["-q", "-r", url, "-y", name, "-A", "11", "-o", out], { timeoutMs: 30_000 });
        const count = [
          "-v",
          "error",
          "-count_packets",
          "-select_streams",
          "v",
          "-show_entries",
          "stream=nb_read_packets",
        ];
        const frames = Number((await run("ffprobe", [...count, "-of", "csv=p=0", out])).trim());
        // 45 seconds, less the ten before the keyframe.
        expect(frames).toBe(35 * FRAME_RATE);
      }
    },
    60_000,
  );

  testWith("ffmpeg", "vlc")(
    "to VLC",
    async () => {
      const { file } = await playWithVlc(naru.publishUrl("vod/film.mp4"), SECONDS, (played) =>
        decodeWithFfmpeg(played, SECONDS),
      );
      // How soon VLC begins is up to the machine.
      expect(file.frames.filter(({ kind }) => kind === "video").length).toBeGreaterThan(20);
      expect(file.frames.filter(({ kind }) => kind === "audio").length).toBeGreaterThan(20);
    },
    60_000,
  );
});

testWith("ffmpeg")(
  "a player pauses, goes on, seeks, and is told at the end",
  async () => {
    const { player, codes, times, time } = play("film.mp4", 0, 500);
    try {
      await until("half a second", 10_000, async () => (time() > 500 ? true : undefined));
      player.command("pause", true, 600);
      await told(codes, "NetStream.Pause.Notify");
      const paused = time();
      await Bun.sleep(1200);
      expect(time() - paused).toBeLessThan(1000);
      player.command("pause", false, 600);
      await told(codes, "NetStream.Unpause.Notify");
      await until("more", 10_000, async () => (time() > paused + 300 ? true : undefined));
      const before = times.length;
      player.command("seek", 43_000);
      await told(codes, "NetStream.Seek.Notify");
      await told(codes, "NetStream.Play.Stop");
      expect(codes).toContain("NetStream.Play.Complete");
      const after = times.slice(before).filter((at) => at > 30_000);
      expect(Math.min(...after)).toBeWithin(41_900, 42_200);
      expect(after.length).toBeGreaterThan(80);
    } finally {
      player.close();
    }
  },
  60_000,
);

testWith("ffmpeg")(
  "what is not there, or no file, or outside, is not found",
  async () => {
    for (const name of ["nothing", "broken", "../film", "%2e%2e/film", "mp4:nothing"]) {
      const { player, codes } = play(name, -2000);
      await told(codes, "NetStream.Play.StreamNotFound");
      player.close();
    }
    expect(naru.process.output).toContain("a file cannot be played");
  },
  60_000,
);
