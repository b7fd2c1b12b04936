import { afterAll, beforeAll, describe, expect } from "bun:test";
import { decodeWithFfmpeg, probe, publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { publishWithNodeav } from "../support/clients/nodeav.ts";
import { type ClipName, clip } from "../support/clips.ts";
import { type Naru, startNaru } from "../support/naru.ts";
import { faultsOf } from "../support/playback.ts";
import type { RunningProcess } from "../support/process.ts";
import { isThere, type Need, testWith } from "../support/requires.ts";
import type { Kinds } from "./publishers.ts";

const SECONDS = 6;

type Case = {
  readonly clip: ClipName;
  readonly publisher: "ffmpeg" | "nodeav";
  /** As ffprobe names the codecs of the stream. */
  readonly codecs: readonly string[];
  readonly channels?: number;
  readonly kinds?: Kinds;
  /** Seconds; for codecs with long frames. */
  readonly longestStep?: number;
};

/** What FFmpeg 5.1 sends in the classic form, and FFmpeg 8 by enhanced RTMP. */
const CASES: readonly Case[] = [
  { clip: "h264-aac51", publisher: "ffmpeg", codecs: ["h264", "aac"], channels: 6 },
  { clip: "h264-mp3", publisher: "ffmpeg", codecs: ["h264", "mp3"] },
  { clip: "h264-only", publisher: "ffmpeg", codecs: ["h264"], kinds: ["video"] },
  { clip: "aac-only", publisher: "ffmpeg", codecs: ["aac"], kinds: ["audio"] },
  { clip: "hevc-aac", publisher: "nodeav", codecs: ["hevc", "aac"] },
  { clip: "av1-opus", publisher: "nodeav", codecs: ["av1", "opus"] },
  { clip: "vp9-opus", publisher: "nodeav", codecs: ["vp9", "opus"] },
  { clip: "h264-opus", publisher: "nodeav", codecs: ["h264", "opus"] },
  { clip: "h264-flac", publisher: "nodeav", codecs: ["h264", "flac"], longestStep: 0.1 },
  { clip: "h264-ac3", publisher: "nodeav", codecs: ["h264", "ac3"] },
];

describe("codecs in fragmented MP4", () => {
  let naru: Naru;
  const publishing: RunningProcess[] = [];

  // All at once: when the first has been looked at, the others have some seconds to show.
  beforeAll(async () => {
    const possible = CASES.filter((candidate) => needsOf(candidate).every(isThere));
    for (const { clip: name } of possible) await clip(name);
    naru = await startNaru();
    for (const { clip: name, publisher } of possible) {
      const publish = publisher === "nodeav" ? publishWithNodeav : publishWithFfmpeg;
      publishing.push(publish(await clip(name), naru.publishUrl(`live/${name}`)));
    }
  }, 180_000);
  afterAll(async () => {
    await Promise.all(publishing.map((publisher) => publisher.stop()));
    await naru[Symbol.asyncDispose]();
  }, 30_000);

  for (const candidate of CASES) {
    const { clip: name, publisher, codecs, channels, ...expected } = candidate;
    testWith(...needsOf(candidate))(
      `${name} published by ${publisher === "nodeav" ? "FFmpeg 8" : "ffmpeg"}`,
      async () => {
        const playlist = await naru.live(`live/${name}`);
        const { streams } = await probe(playlist);
        expect(streams.map((stream) => stream.codec_name).sort()).toEqual([...codecs].sort());
        if (channels) expect(streams.find((stream) => stream.codec_type === "audio")?.channels).toBe(channels);
        expect(faultsOf(await decodeWithFfmpeg(playlist, SECONDS), SECONDS, expected)).toEqual([]);
      },
      60_000,
    );
  }
});

function needsOf({ publisher }: Case): Need[] {
  return publisher === "nodeav" ? ["nodeav", "ffmpeg"] : ["ffmpeg"];
}
