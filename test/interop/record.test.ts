import { describe, expect } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { ByteReader } from "../../src/bytes/reader.ts";
import { readTag } from "../../src/formats/flv/tag.ts";
import { publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { startNginx } from "../support/clients/nginx.ts";
import { clip } from "../support/clips.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { startNaru } from "../support/naru.ts";
import { freePort } from "../support/ports.ts";
import { run, sleep, until } from "../support/process.ts";
import { testWith } from "../support/requires.ts";
import { RtmpScript } from "../support/rtmp-script.ts";
import { SmallDisk } from "../support/small-disk.ts";

const FRAME_RATE = 30;
/** What a crash may cost: a fragment, and what is on its way through a busy machine. */
const LOST_SECONDS = 2.5;
/** How often the server is killed. */
const KILLS = Number(process.env.TEST_KILLS ?? 4);

type Decoded = { readonly frames: number; readonly seconds: number; readonly complaints: readonly string[] };

/** Decodes the pictures of a file, and asks how long it says it is. */
async function decode(file: string): Promise<Decoded> {
  const progress = ["-progress", "pipe:1", "-nostats"];
  const output = await run("ffmpeg", ["-v", "warning", "-nostdin", "-i", file, "-f", "null", ...progress, "-"]);
  const lines = output.split("\n").filter((line) => line !== "");
  const frames = lines.findLast((line) => line.startsWith("frame="))?.slice("frame=".length);
  const seconds = await run("ffprobe", ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", file]);
  return {
    frames: Number(frames),
    seconds: Number(seconds.trim()),
    complaints: lines.filter((line) => !/^\w+=/.test(line)),
  };
}

const recorders = (directory: string) => ({
  applications: {
    live: { record: { film: { directory, file: "{name}" }, classic: { directory, file: "{name}", format: "flv" } } },
  },
});

describe("recording", () => {
  testWith("ffmpeg")(
    "a file for each encoder, as long as what it sent, whose every picture can be decoded",
    async () => {
      using directory = new TemporaryDirectory();
      await using naru = await startNaru({ config: recorders(directory.path) });
      const file = await clip("h264-aac");
      for (const seconds of [5, 3]) {
        const publishing = publishWithFfmpeg(file, naru.publishUrl("live/test"), { output: ["-t", String(seconds)] });
        await publishing.end(20_000);
        await sleep(500);
      }
      await until("four files", 5000, async () =>
        (naru.process.output.match(/ recorded /g)?.length ?? 0) === 4 ? true : undefined,
      );
      const expected = { "test.mp4": 5, "test.flv": 5, "test-2.mp4": 3, "test-2.flv": 3 };
      expect(readdirSync(directory.path).sort()).toEqual(Object.keys(expected).sort());
      for (const [name, seconds] of Object.entries(expected)) {
        const decoded = await decode(directory.join(name));
        expect(decoded.complaints).toEqual([]);
        // ffmpeg ends by decoding time, a picture or two later.
        expect(decoded.frames - seconds * FRAME_RATE).toBeOneOf([0, 1, 2, 3]);
        expect(Math.abs(decoded.seconds - seconds)).toBeLessThan(0.2);
      }
    },
    60_000,
  );

  testWith("ffmpeg")(
    "a server that is killed leaves files that play up to the last fragment",
    async () => {
      const file = await clip("h264-aac");
      for (let kill = 0; kill < KILLS; kill++) {
        using directory = new TemporaryDirectory();
        await using naru = await startNaru({ config: recorders(directory.path) });
        const published = performance.now();
        await using _ = publishWithFfmpeg(file, naru.publishUrl("live/test"));
        await naru.process.waitFor(/ recording /, 10_000);
        await sleep(2500 + Math.random() * 2500);
        await naru.process.stop("SIGKILL");
        const lived = (performance.now() - published) / 1000;
        for (const name of ["test.mp4", "test.flv"]) {
          const { frames } = await decode(directory.join(name));
          expect(frames).toBeGreaterThan((lived - LOST_SECONDS) * FRAME_RATE);
        }
      }
    },
    60_000 + KILLS * 15_000,
  );

  testWith("tmpfs", "ffmpeg")(
    "a full disk stops the recording, and not the stream",
    async () => {
      using disk = new SmallDisk();
      await using naru = await startNaru({ config: recorders(disk.path) });
      await using publishing = publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl("live/test"));
      await naru.process.waitFor(/recording stopped.*reason=ENOSPC/, 30_000);
      await naru.live("live/test");
      expect(publishing.exitCode).toBeUndefined();
      await sleep(1500);
      expect(naru.process.output.match(/recording stopped/g)?.length).toBeLessThanOrEqual(2);
      // What was written plays.
      expect((await decode(`${disk.path}/test.flv`)).frames).toBeGreaterThan(0);
    },
    60_000,
  );

  testWith("ffmpeg", "nginx")(
    "a file is gone on with by record_append, as nginx-rtmp does",
    async () => {
      using directory = new TemporaryDirectory();
      const blocks = (rtmp: number, http: number, path: string) => `rtmp { server { listen 127.0.0.1:${rtmp};
  application live { live on; record all; record_path ${path}; record_append on; } } }
http { server { listen 127.0.0.1:${http}; } }`;
      const ports = { rtmp: await freePort(), http: await freePort() };
      for (const server of ["ours", "theirs"]) mkdirSync(directory.join(server));
      chmodSync(directory.join("theirs"), 0o777);
      await using _nginx = await startNginx(blocks(ports.rtmp, ports.http, directory.join("theirs")), ports.http);
      await using naru = await startNaru({
        nginxConf: ({ rtmp, http }) => blocks(rtmp, http, directory.join("ours")),
      });
      const file = await clip("h264-aac");
      const publish = async (url: string) => {
        for (let round = 0; round < 2; round++) {
          await publishWithFfmpeg(file, url, { output: ["-t", "2"] }).end(20_000);
          await sleep(500);
        }
      };
      await Promise.all([publish(naru.publishUrl("live/test")), publish(`rtmp://127.0.0.1:${ports.rtmp}/live/test`)]);
      for (const server of ["ours", "theirs"]) {
        expect(readdirSync(directory.join(server))).toEqual(["test.flv"]);
        const { frames, seconds } = await decode(directory.join(`${server}/test.flv`));
        expect(frames).toBeWithin(4 * FRAME_RATE - 2, 4 * FRAME_RATE + 8);
        expect(seconds).toBeWithin(3.9, 4.3);
      }
    },
    60_000,
  );

  testWith("ffmpeg", "nginx")(
    "the encoder is told by record_notify, as by nginx-rtmp",
    async () => {
      using directory = new TemporaryDirectory();
      const blocks = (rtmp: number, http: number, path: string) => `rtmp { server { listen 127.0.0.1:${rtmp};
  application live { live on; recorder film { record all; record_path ${path}; record_notify on; } } } }
http { server { listen 127.0.0.1:${http}; } }`;
      const ports = { rtmp: await freePort(), http: await freePort() };
      chmodSync(directory.path, 0o777);
      const flv = directory.join("source.flv");
      await run("ffmpeg", ["-v", "error", "-i", await clip("h264-aac"), "-t", "1", "-c", "copy", flv]);
      await using _nginx = await startNginx(blocks(ports.rtmp, ports.http, directory.path), ports.http);
      await using naru = await startNaru({ nginxConf: ({ rtmp, http }) => blocks(rtmp, http, directory.path) });
      const told = [];
      for (const port of [ports.rtmp, naru.ports.rtmp]) {
        const script = new RtmpScript();
        const codes: unknown[] = [];
        const socket = await Bun.connect({
          hostname: "127.0.0.1",
          port,
          socket: {
            binaryType: "uint8array",
            data: (_, bytes) => {
              for (const { name, args } of script.readCommands(bytes)) if (name === "onStatus") codes.push(args[0]);
            },
          },
        });
        socket.write(script.publish(`at${port}`));
        const reader = new ByteReader(new Uint8Array(readFileSync(flv)));
        reader.skip(13);
        while (reader.left > 0) {
          const { type, timestamp, body } = readTag(reader);
          if (type !== 18) socket.write(script.message(type, 1, timestamp, body));
        }
        const notice = (code: unknown) => JSON.stringify(code).includes("NetStream.Record.Start");
        told.push(await until("a notice", 10_000, async () => codes.find(notice)));
        socket.end();
      }
      expect(told[1]).toEqual(told[0]);
    },
    60_000,
  );
});
