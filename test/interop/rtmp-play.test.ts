import { afterAll, describe, expect } from "bun:test";
import { ByteReader } from "../../src/bytes/reader.ts";
import { FlvDemuxer } from "../../src/formats/flv/demuxer.ts";
import { readTag } from "../../src/formats/flv/tag.ts";
import type { MediaEvent } from "../../src/media/event.ts";
import { type DecodedFrame, decodeWithFfmpeg, publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { playRtmpWithGstreamer } from "../support/clients/gstreamer.ts";
import { publishWithNodeav } from "../support/clients/nodeav.ts";
import { playWithRtmpdump } from "../support/clients/rtmpdump.ts";
import { playWithVlc } from "../support/clients/vlc.ts";
import { clip } from "../support/clips.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { type Naru, startNaru } from "../support/naru.ts";
import { compareTimes, faultsOf } from "../support/playback.ts";
import { run, sleep, start, until } from "../support/process.ts";
import { projectPath } from "../support/project.ts";
import { isThere, testWith } from "../support/requires.ts";

const SECONDS = 3;

/** One server for all tests, and an encoder that begins anew at its end. */
let shared: Promise<{ naru: Naru; publishing: AsyncDisposable; source: readonly DecodedFrame[] }> | undefined;
const live = () => {
  shared ??= (async () => {
    const naru = await startNaru({ tls: true });
    const file = await clip("h264-aac");
    const publishing = publishWithFfmpeg(file, naru.publishUrl("live/test"), { loop: true });
    const { frames: source } = await decodeWithFfmpeg(file, 60);
    await naru.live("live/test");
    return { naru, publishing, source };
  })();
  return shared;
};
afterAll(async () => {
  const started = await shared;
  await started?.publishing[Symbol.asyncDispose]();
  await started?.naru[Symbol.asyncDispose]();
});

/** ffmpeg says it of every live FLV stream, whose head does not say whether there is sound. */
const complaintsOf = (complaints: readonly string[]) =>
  complaints.filter((line) => !/Cannot reuse|deprecated/.test(line));

describe("a live stream is played", () => {
  const ways: readonly (readonly [string, (naru: Naru) => string])[] = [
    ["RTMP", (naru) => naru.publishUrl("live/test")],
    ["RTMPS", (naru) => naru.securePublishUrl("live/test")],
    ["HTTP-FLV", (naru) => `${naru.http}/live/test.flv`],
    ["HTTP-FLV over TLS", (naru) => `${naru.https}/live/test.flv`],
  ];
  for (const [name, url] of ways) {
    testWith("ffmpeg")(
      `by ${name}, with ffmpeg: the same pictures and sound, as far apart as they were`,
      async () => {
        const { naru, source } = await live();
        const decoded = await decodeWithFfmpeg(url(naru), SECONDS);
        expect(faultsOf({ ...decoded, complaints: complaintsOf(decoded.complaints) }, SECONDS)).toEqual([]);
        const { matchedVideo, spread } = compareTimes(source, decoded.frames);
        expect(matchedVideo).toBeGreaterThan(SECONDS * 20);
        // RTMP counts milliseconds. A clip that begins anew in between has its frames elsewhere.
        if (spread < 5) expect(spread).toBeLessThan(0.005);
      },
      60_000,
    );
  }

  testWith("ffmpeg", "vlc")(
    "by RTMP, with VLC",
    async () => {
      const { naru } = await live();
      const { file, complaints } = await playWithVlc(naru.publishUrl("live/test"), SECONDS, (played) =>
        decodeWithFfmpeg(played, SECONDS),
      );
      expect(complaints.filter((line) => !/avcodec|avformat|avio|PCR|ES_OUT/i.test(line))).toEqual([]);
      expect(faultsOf({ ...file, complaints: [] }, SECONDS - 0.5, { longestStep: 0.1 })).toEqual([]);
    },
    60_000,
  );

  testWith("ffmpeg", "gstreamer")(
    "by RTMP, with GStreamer",
    async () => {
      const { naru } = await live();
      expect(await playRtmpWithGstreamer(naru.publishUrl("live/test"), SECONDS * 30)).toEqual([]);
    },
    60_000,
  );

  testWith("ffmpeg", "rtmpdump")(
    "by RTMP, with rtmpdump",
    async () => {
      const { naru } = await live();
      using directory = new TemporaryDirectory();
      const file = directory.join("played.flv");
      await using player = playWithRtmpdump(naru.publishUrl("live/test"), file);
      await player.waitFor(/videocodecid/, 20_000);
      await sleep((SECONDS + 1) * 1000);
      await player.stop("SIGINT");
      const decoded = await decodeWithFfmpeg(file, SECONDS);
      expect(faultsOf({ ...decoded, complaints: [] }, SECONDS)).toEqual([]);
    },
    60_000,
  );
});

testWith("ffmpeg")(
  "a player that comes before the encoder waits, and goes on when another encoder takes its place",
  async () => {
    const { naru } = await live();
    const url = naru.publishUrl("live/later");
    const file = await clip("h264-aac");
    const player = start("ffmpeg", ["-v", "warning", "-nostdin", "-i", url, "-c", "copy", "-f", "framehash", "-"]);
    await using _ = player;
    const pictures = () => player.output.match(/^0,/gm)?.length ?? 0;
    const plays = (count: number) =>
      until(`${count} pictures`, 20_000, async () => {
        if (player.exitCode !== undefined) throw player.failure("ended");
        return pictures() > count ? true : undefined;
      });
    await sleep(1500);
    let others: Promise<string[]> | undefined;
    {
      await using _encoder = publishWithFfmpeg(file, url, { loop: true });
      await plays(30);
      // More than the first encoder will send.
      if (isThere("gstreamer")) others = playRtmpWithGstreamer(url, 120);
      await plays(60);
    }
    const state = await (await fetch(`${naru.http}/api/streams/live/later`)).json();
    expect(state).toMatchObject({ viewers: others ? 2 : 1 });
    await sleep(1000);
    const before = pictures();
    await using _another = publishWithFfmpeg(file, url, { loop: true });
    await plays(before + 30);
    expect((await others) ?? []).toEqual([]);
    const times = [...player.output.matchAll(/^0, +(-?\d+),/gm)].map(([, dts]) => Number(dts));
    expect(times.every((time, n) => n === 0 || time > (times[n - 1] as number))).toBe(true);
  },
  60_000,
);

testWith("ffmpeg", "nodeav")(
  "HEVC is played with enhanced headers, by FFmpeg 8 and as FLV",
  async () => {
    const { naru } = await live();
    await using publishing = publishWithNodeav(await clip("hevc-aac"), naru.publishUrl("live/hevc"));
    await publishing.waitFor(/publishing/, 20_000);
    const flv = await until("FLV", 20_000, async () => {
      const response = await fetch(`${naru.http}/live/hevc.flv`);
      return response.ok ? response : undefined;
    });
    const events = await readFlv(flv, (found) => found.filter(({ type }) => type === "packet").length > 60);
    const [tracks] = events.flatMap((event) => (event.type === "tracks" ? [event.tracks] : []));
    expect(tracks?.flatMap((track) => (track.kind === "data" ? [] : [track.config.codec])).sort()).toEqual([
      "aac",
      "hevc",
    ]);
    const script = projectPath("test/support/clients/nodeav-player.mjs");
    const printed = await run(process.execPath, [script, naru.publishUrl("live/hevc"), "60"], { timeoutMs: 30_000 });
    expect(JSON.parse(printed)).toEqual({ hevc: expect.any(Number), aac: expect.any(Number) });
  },
  60_000,
);

testWith("ffmpeg")(
  "a WebSocket gets the same FLV, and is told when there is no such stream",
  async () => {
    const { naru } = await live();
    const url = naru.http.replace("http:", "ws:");
    const received: Uint8Array[] = [];
    const socket = new WebSocket(`${url}/live/test.flv`);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => void received.push(new Uint8Array(data as ArrayBuffer));
    const size = () => received.reduce((sum, { length }) => sum + length, 0);
    await until("a second of it", 20_000, async () => (size() > 100_000 ? true : undefined));
    const viewers = async () => {
      const state = (await (await fetch(`${naru.http}/api/streams/live/test`)).json()) as { viewers: number };
      return state.viewers;
    };
    await until("it is counted", 15_000, async () => ((await viewers()) > 0 ? true : undefined));
    socket.close();
    const tags = demux(Buffer.concat(received));
    expect(tags.filter(({ type }) => type === "packet").length).toBeGreaterThan(30);
    const closed = new Promise<number>((resolve) => {
      const nobody = new WebSocket(`${url}/live/nobody.flv`);
      nobody.onclose = ({ code }) => resolve(code);
    });
    expect(await closed).toBe(4404);
    expect((await fetch(`${naru.http}/live/nobody.flv`)).status).toBe(404);
  },
  60_000,
);

async function readFlv(response: Response, enough: (events: readonly MediaEvent[]) => boolean): Promise<MediaEvent[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    const events = demux(Buffer.concat(chunks));
    if (enough(events)) return events;
  }
  throw new Error("the response ended");
}

/** What our demuxer finds in the whole tags of an FLV file. */
function demux(file: Uint8Array): MediaEvent[] {
  const events: MediaEvent[] = [];
  const demuxer = new FlvDemuxer({ onEvent: (event) => events.push(event) });
  for (let at = 13; at + 11 <= file.length; ) {
    const size = (((file[at + 1] ?? 0) << 16) | ((file[at + 2] ?? 0) << 8) | (file[at + 3] ?? 0)) + 15;
    if (at + size > file.length) break;
    const { type, timestamp, body } = readTag(new ByteReader(file.subarray(at, at + size)));
    demuxer.push(type, timestamp, body, timestamp);
    at += size;
  }
  return events;
}
