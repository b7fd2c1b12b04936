import { describe, expect } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { decodeWithFfmpeg, publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { startNginx } from "../support/clients/nginx.ts";
import { playWithVlc } from "../support/clients/vlc.ts";
import { clip } from "../support/clips.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { startNaru } from "../support/naru.ts";
import { faultsOf } from "../support/playback.ts";
import { readPlaylist } from "../support/playlist.ts";
import { freePort } from "../support/ports.ts";
import { sleep, until } from "../support/process.ts";
import { RawPeer } from "../support/raw-peer.ts";
import { testWith } from "../support/requires.ts";
import { SmallDisk } from "../support/small-disk.ts";

/** A configuration that people have, but for its ports, its directory and its shorter times. */
const conf = (ports: { rtmp: number; http: number }, directory: string) => `
rtmp {
    server {
        listen 127.0.0.1:${ports.rtmp};
        chunk_size 4096;
        application live {
            live on;
            record off;
            hls on;
            hls_path ${directory}/hls;
            hls_fragment 2s;
            hls_playlist_length 8s;
        }
    }
}
http {
    server {
        listen 127.0.0.1:${ports.http};
        location /hls {
            types {
                application/vnd.apple.mpegurl m3u8;
                video/mp2t ts;
            }
            root ${directory};
            add_header Cache-Control no-cache;
            add_header Access-Control-Allow-Origin *;
        }
    }
}
`;

describe("an nginx.conf as it is", () => {
  testWith("ffmpeg")(
    "serves its URL with its headers, and keeps the directory as nginx-rtmp does",
    async () => {
      await using naru = await startNaru({ nginxConf: conf });
      await using _ = publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl("live/test"));
      const url = `${naru.http}/hls/test.m3u8`;
      const directory = naru.directory.join("hls");
      await until("playlist", 20_000, async () => ((await fetch(url)).ok ? true : undefined));

      const response = await fetch(url);
      expect(response.headers.get("content-type")).toBe("application/vnd.apple.mpegurl");
      expect(response.headers.get("cache-control")).toBe("no-cache");
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      expect(await response.text()).toBe(readFileSync(`${directory}/test.m3u8`, "utf8"));
      const [first] = (await readPlaylist(url)).segments;
      const segment = await fetch(first?.url ?? "");
      expect(segment.headers.get("content-type")).toBe("video/mp2t");
      expect((await segment.arrayBuffer()).byteLength).toBe(statSync(`${directory}/test-0.ts`).size);

      for (const way of ["..", "%2e%2e", "..%2f..", "%2e%2e%2f%2e%2e"]) {
        using peer = await RawPeer.connect(naru.ports.http);
        peer.write(
          `GET /hls/${`${way}/`.repeat(9)}etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
        );
        await peer.closed;
        expect(String(await peer.receive(12))).not.toContain("root:");
      }

      const decoded = await decodeWithFfmpeg(url, 6);
      expect(faultsOf(decoded, 6)).toEqual([]);

      await sleep(14_000);
      const { segments, mediaSequence } = await readPlaylist(url);
      expect(segments).toHaveLength(4);
      expect(mediaSequence).toBeGreaterThan(4);
      const names = readdirSync(directory).filter((name) => name.endsWith(".ts"));
      for (const { url } of segments) expect(names).toContain(url.split("/").at(-1) as string);
      // Twice the playlist's length stays for those who are behind; older ones are gone.
      expect(existsSync(`${directory}/test-0.ts`)).toBe(false);
      expect(names.length).toBeLessThanOrEqual(10);
    },
    60_000,
  );

  testWith("ffmpeg", "vlc")(
    "VLC plays its URL",
    async () => {
      await using naru = await startNaru({ nginxConf: conf });
      await using _ = publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl("live/test"));
      const url = `${naru.http}/hls/test.m3u8`;
      await until("playlist", 20_000, async () => ((await fetch(url)).ok ? true : undefined));
      const { file, complaints } = await playWithVlc(url, 8, (file) => decodeWithFfmpeg(file, 8));
      expect(complaints).toEqual([]);
      expect(faultsOf(file, 8)).toEqual([]);
    },
    60_000,
  );

  testWith("ffmpeg", "nginx")(
    "names and lengths of segments are those of nginx-rtmp",
    async () => {
      using directory = new TemporaryDirectory();
      const ports = { rtmp: await freePort(), http: await freePort() };
      await using naru = await startNaru({ nginxConf: conf });
      await using _nginx = await startNginx(conf(ports, directory.path), ports.http);
      const file = await clip("h264-aac");
      await using _a = publishWithFfmpeg(file, naru.publishUrl("live/test"));
      await using _b = publishWithFfmpeg(file, `rtmp://127.0.0.1:${ports.rtmp}/live/test`);
      await sleep(9000);
      const [ours, theirs] = await Promise.all([
        readPlaylist(`${naru.http}/hls/test.m3u8`),
        readPlaylist(`http://127.0.0.1:${ports.http}/hls/test.m3u8`),
      ]);
      const common = Math.min(ours.segments.length, theirs.segments.length);
      expect(common).toBeGreaterThanOrEqual(3);
      const shape = (playlist: typeof ours) =>
        playlist.segments
          .slice(0, common)
          .map(({ url, duration }) => `${url.split("/").at(-1)} ${duration.toFixed(2)}`);
      expect(shape(ours)).toEqual(shape(theirs));
    },
    60_000,
  );

  testWith("tmpfs", "ffmpeg")(
    "a full disk under hls_path is said, and the stream goes on",
    async () => {
      using disk = new SmallDisk();
      await using naru = await startNaru({ nginxConf: (ports) => conf(ports, disk.path) });
      await using publishing = publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl("live/test"));
      await naru.process.waitFor(/ENOSPC|no space|full/i, 30_000);
      await sleep(3000);
      expect(publishing.exitCode).toBeUndefined();
      expect(naru.process.exitCode).toBeUndefined();
      expect(naru.process.output.match(/ENOSPC|no space|full/gi)?.length).toBeLessThan(5);
    },
    60_000,
  );
});
