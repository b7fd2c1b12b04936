import { describe, expect } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { decodeWithFfmpeg, publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { startNginx } from "../support/clients/nginx.ts";
import { playWithVlc } from "../support/clients/vlc.ts";
import { clip } from "../support/clips.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { startNaru } from "../support/naru.ts";
import { faultsOf } from "../support/playback.ts";
import { freePort } from "../support/ports.ts";
import { until } from "../support/process.ts";
import { projectPath } from "../support/project.ts";
import { testWith } from "../support/requires.ts";

const blocks = (ports: { readonly rtmp: number; readonly http: number }, directory: string) => `
rtmp {
    access_log off;
    server {
        listen 127.0.0.1:${ports.rtmp};
        application live {
            live on;
            hls on;
            hls_path ${directory}/hls;
            hls_fragment 1s;
            hls_playlist_length 20s;
            hls_keys on;
            hls_fragments_per_key 2;
            hls_key_path ${directory}/keys;
            hls_key_url /keys/;
        }
    }
}
http {
    access_log off;
    server { listen 127.0.0.1:${ports.http}; location / { root ${directory}; } }
}`;

/** The tags that say which key there is from which segment on. */
const keyLines = (playlist: string) =>
  playlist.split("\n").filter((line) => line.startsWith("#EXT-X-KEY") || line.endsWith(".ts"));

/** First byte of each packet, where there is one too many it is not MPEG-TS. */
const isTransportStream = (bytes: Uint8Array) =>
  bytes.length > 0 && bytes.length % 188 === 0 && [0, 188, 376].every((at) => bytes[at] === 0x47);

function decryptWithOpenssl(file: string, key: string, iv: string): Uint8Array {
  const options = ["-d", "-K", readFileSync(key).toString("hex"), "-iv", iv.slice(2), "-in", file];
  return Bun.spawnSync(["openssl", "enc", "-aes-128-cbc", ...options]).stdout;
}

/** Errors that `naru validate` finds. */
async function validate(url: string): Promise<readonly string[]> {
  const command = [process.execPath, projectPath("src/main.ts"), "validate", "--json", "--duration=3s", url];
  const { stdout } = Bun.spawn(command, { stderr: "inherit" });
  const { findings, unreadable } = (await new Response(stdout).json()) as {
    readonly unreadable?: string;
    readonly findings: readonly { readonly rule: string; readonly severity: string }[];
  };
  const errors = findings.filter(({ severity }) => severity === "error").map(({ rule }) => rule);
  return unreadable === undefined ? errors : [unreadable, ...errors];
}

describe("encrypted segments", () => {
  testWith("ffmpeg", "nginx", "vlc")(
    "have the keys, names and lines of nginx-rtmp's, are played, and are not to be had in the clear",
    async () => {
      const ports = { rtmp: await freePort(), http: await freePort() };
      using theirs = new TemporaryDirectory();
      await using _nginx = await startNginx(blocks(ports, theirs.path), ports.http);
      await using naru = await startNaru({ nginxConf: blocks });
      const media = await clip("h264-aac");
      await using _their = publishWithFfmpeg(media, `rtmp://127.0.0.1:${ports.rtmp}/live/test`);
      await using _our = publishWithFfmpeg(media, naru.publishUrl("live/test"));
      const read = async (port: number) => (await fetch(`http://127.0.0.1:${port}/hls/test.m3u8`)).text();
      const withThree = async (port: number) =>
        until("three segments", 20_000, async () => {
          const text = await read(port);
          return text.split(".ts\n").length > 3 ? text : undefined;
        });
      const [their, our] = await Promise.all([withThree(ports.http), withThree(naru.ports.http)]);
      expect(keyLines(our).slice(0, 5)).toEqual(keyLines(their).slice(0, 5));
      expect(keyLines(our)[3]).toBe(`#EXT-X-KEY:METHOD=AES-128,URI="/keys/test-2.key",IV=0x${"2".padStart(32, "0")}`);

      const directory = naru.directory;
      expect(readdirSync(directory.join("keys")).sort().slice(0, 2)).toEqual(["test-0.key", "test-2.key"]);
      for (const [segment, key] of [
        [0, 0],
        [1, 0],
        [2, 2],
      ] as const) {
        const file = directory.join(`hls/test-${segment}.ts`);
        const iv = `0x${key.toString(16).padStart(32, "0")}`;
        expect(isTransportStream(readFileSync(file))).toBe(false);
        expect(isTransportStream(decryptWithOpenssl(file, directory.join(`keys/test-${key}.key`), iv))).toBe(true);
      }

      const url = `${naru.http}/hls/test.m3u8`;
      const [decoded, vlc, findings] = await Promise.all([
        decodeWithFfmpeg(url, 3),
        playWithVlc(url, 2, async (file) => isTransportStream(readFileSync(file).subarray(0, 188 * 100))),
        validate(url),
      ]);
      expect(faultsOf(decoded, 3)).toEqual([]);
      expect(vlc).toEqual({ file: true, complaints: [] });
      expect(findings).toEqual([]);
      for (const path of ["live/test/index.m3u8", "live/test/poster.mp4", "live/test/thumbnail.jpg"]) {
        expect([path, (await fetch(`${naru.http}/${path}`)).status]).toEqual([path, 404]);
      }
    },
    60_000,
  );
});
