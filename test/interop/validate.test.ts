import { describe, expect } from "bun:test";
import { writeFileSync } from "node:fs";
import type { Severity } from "../../src/validate/finding.ts";
import { type ValidateOptions, type Verdict, validate } from "../../src/validate/validate.ts";
import { publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { startNginx } from "../support/clients/nginx.ts";
import { clip } from "../support/clips.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { startNaru } from "../support/naru.ts";
import { freePort } from "../support/ports.ts";
import { run, sleep, start, until } from "../support/process.ts";
import { testWith } from "../support/requires.ts";

const follow = (url: string, seconds: number, more: Partial<ValidateOptions> = {}): Promise<Verdict> =>
  validate({ url, durationMs: seconds * 1000, ...more });

/** Rules that were broken, with the first example of each for a test's failure message. */
function found({ findings, unreadable }: Verdict, ...severities: Severity[]): string[] {
  if (unreadable !== undefined) return [unreadable];
  return findings
    .filter(({ rule }) => severities.includes(rule.severity))
    .map(({ rule, count, examples: [first] }) => `${rule.id} x${count}: ${first?.where} ${first?.message}`);
}

const rulesIn = (verdict: Verdict, ...severities: Severity[]): string[] =>
  found(verdict, ...severities)
    .map((text) => text.split(" ", 1)[0] as string)
    .sort();

describe("naru validate", () => {
  testWith("ffmpeg")(
    "our own streams, over HTTP/1.1 and HTTP/2, while the encoder is lost and comes back: nothing is found",
    async () => {
      const file = await clip("h264-aac");
      const config = { applications: { live: {}, ts: { hls: { format: "mpegts" } } } };
      await using naru = await startNaru({ tls: true, config });
      const publish = () => [
        publishWithFfmpeg(file, naru.publishUrl("live/test")),
        publishWithFfmpeg(file, naru.publishUrl("ts/test")),
      ];
      const first = publish();
      await naru.live("live/test");
      await naru.live("ts/test");
      const following = Promise.all([
        follow(naru.playlistUrl("live/test"), 16),
        follow(`${naru.https}/live/test/index.m3u8`, 16, { insecure: true, http: "2" }),
        follow(naru.playlistUrl("ts/test"), 16),
      ]);
      await sleep(4000);
      await Promise.all(first.map((encoder) => encoder.stop("SIGKILL")));
      await sleep(1000);
      const second = publish();
      const verdicts = await following;
      await Promise.all(second.map((encoder) => encoder.stop()));
      for (const verdict of verdicts) {
        expect(found(verdict, "error", "warning")).toEqual([]);
        expect(verdict.renditions).toMatchObject([
          { live: true, targetDuration: 2, media: expect.stringContaining("640x360") },
        ]);
        expect(verdict.renditions[0]?.segmentsRead).toBeGreaterThan(5);
      }
      expect(rulesIn(verdicts[1] as Verdict, "info")).not.toContain("tls-missing");
    },
    60_000,
  );

  testWith("ffmpeg", "nginx")(
    "nginx-rtmp: no dates, a target duration that changes, few segments, discontinuities that are not counted",
    async () => {
      using directory = new TemporaryDirectory();
      const ports = { rtmp: await freePort(), http: await freePort() };
      const blocks = `
rtmp { server { listen 127.0.0.1:${ports.rtmp}; chunk_size 4096;
  application live { live on; hls on; hls_path ${directory.path}/hls; hls_fragment 1s; hls_playlist_length 5s; } } }
http { access_log off; server { listen 127.0.0.1:${ports.http}; location /hls {
  types { application/vnd.apple.mpegurl m3u8; video/mp2t ts; } root ${directory.path}; add_header Access-Control-Allow-Origin *; } } }`;
      await using _nginx = await startNginx(blocks, ports.http);
      const target = `rtmp://127.0.0.1:${ports.rtmp}/live/test`;
      await using first = publishEvery(1, target);
      const url = `http://127.0.0.1:${ports.http}/hls/test.m3u8`;
      await until("three segments", 20_000, async () =>
        (await (await fetch(url)).text()).split("#EXTINF").length > 3 ? true : undefined,
      );
      const following = follow(url, 16);
      await sleep(2000);
      await first.stop("SIGKILL");
      // Keyframes come at longer distances now.
      await using _second = publishEvery(3, target);
      const verdict = await following;
      expect(rulesIn(verdict, "error", "warning")).toEqual(
        expect.arrayContaining([
          "date-time-missing",
          "discontinuity-sequence-missing",
          "discontinuity-sequence-wrong",
          "few-segments",
          "target-duration-changed",
        ]),
      );
      expect(
        found(verdict, "error", "warning").filter((text) => /unreadable|missing x.*\.ts|not-normalized/.test(text)),
      ).toEqual([]);
    },
    60_000,
  );

  testWith("ffmpeg")(
    "recordings of ffmpeg's own muxer, fragmented MP4 and encrypted MPEG-TS: what its multivariant playlist leaves out",
    async () => {
      using directory = new TemporaryDirectory();
      const file = await clip("h264-aac");
      writeFileSync(directory.join("key"), crypto.getRandomValues(new Uint8Array(16)));
      writeFileSync(directory.join("info"), `key\n${directory.join("key")}\n`);
      const common = ["-v", "error", "-nostdin", "-t", "12", "-i", file, "-c", "copy", "-f", "hls", "-hls_time", "2"];
      const recording = ["-hls_list_size", "0", "-hls_playlist_type", "vod", "-master_pl_name", "master.m3u8"];
      const record = async (name: string, ...options: string[]) => {
        const folder = directory.join(name);
        await Bun.write(`${folder}/key`, Bun.file(directory.join("key")));
        await run("ffmpeg", [...common, ...recording, ...options, `${folder}/main.m3u8`], { cwd: folder });
      };
      await record("fmp4", "-hls_segment_type", "fmp4");
      await record("encrypted", "-hls_key_info_file", directory.join("info"));
      using server = serveFiles(directory.path);
      const fmp4 = await follow(`${server.url}fmp4/master.m3u8`, 10);
      const encrypted = await follow(`${server.url}encrypted/master.m3u8`, 10);
      for (const verdict of [fmp4, encrypted]) {
        expect(rulesIn(verdict, "error")).toEqual([]);
        expect(rulesIn(verdict, "warning")).toEqual(expect.arrayContaining(["codecs-missing", "frame-rate-missing"]));
        expect(verdict.renditions).toMatchObject([
          { live: false, media: expect.stringContaining("avc1.64001E 640x360") },
        ]);
      }
      const all = fmp4.renditions[0]?.segmentsRead ?? 0;
      expect(all).toBeGreaterThan(5);
      // Every second segment only.
      const sampled = await follow(`${server.url}fmp4/main.m3u8`, 10, { sampleEvery: 2 });
      expect(sampled.renditions[0]?.segmentsRead).toBe(Math.ceil(all / 2));
      expect(rulesIn(sampled, "error")).toEqual([]);
      // With another key nothing can be decrypted.
      writeFileSync(directory.join("encrypted", "key"), new Uint8Array(16));
      expect(rulesIn(await follow(`${server.url}encrypted/main.m3u8`, 10), "error")).toContain("decryption-failed");
    },
    60_000,
  );
});

/** Publishes a small picture and sound with a keyframe every so many seconds. */
function publishEvery(seconds: number, url: string) {
  return start("ffmpeg", [
    ...[
      "-v",
      "error",
      "-nostdin",
      "-re",
      "-f",
      "lavfi",
      "-i",
      "testsrc2=s=192x108:r=15",
      "-f",
      "lavfi",
      "-i",
      "sine=r=48000",
    ],
    ...[
      "-c:v",
      "libx264",
      "-preset",
      "ultrafast",
      "-pix_fmt",
      "yuv420p",
      "-g",
      String(15 * seconds),
      "-sc_threshold",
      "0",
    ],
    ...["-c:a", "aac", "-ac", "2", "-f", "flv", url],
  ]);
}

const TYPES: Readonly<Record<string, string>> = {
  m3u8: "application/vnd.apple.mpegurl",
  ts: "video/mp2t",
  m4s: "video/iso.segment",
  mp4: "video/mp4",
};

function serveFiles(folder: string) {
  return Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const path = new URL(request.url).pathname;
      const type = TYPES[path.split(".").at(-1) ?? ""] ?? "application/octet-stream";
      return new Response(Bun.file(`${folder}${path}`), {
        headers: { "content-type": type, "access-control-allow-origin": "*" },
      });
    },
  });
}
