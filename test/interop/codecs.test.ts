import { describe, expect } from "bun:test";
import { decodeWithFfmpeg, probe, publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { publishWithNodeav } from "../support/clients/nodeav.ts";
import { type ClipName, clip } from "../support/clips.ts";
import { startNaru } from "../support/naru.ts";
import { faultsOf } from "../support/playback.ts";
import { type Need, testWith } from "../support/requires.ts";
import type { Kinds } from "./publishers.ts";

const SECONDS = 6;

type Case = {
  readonly clip: ClipName;
  readonly publisher: "ffmpeg" | "nodeav";
  /** As ffprobe names the codecs of the stream. */
  readonly codecs: readonly string[];
  readonly kinds?: Kinds;
};

/** What FFmpeg 5.1 sends in the classic form, and FFmpeg 8 by enhanced RTMP. */
const CASES: readonly Case[] = [
  { clip: "h264-aac51", publisher: "ffmpeg", codecs: ["h264", "aac"] },
  { clip: "h264-mp3", publisher: "ffmpeg", codecs: ["h264", "mp3"] },
  { clip: "h264-only", publisher: "ffmpeg", codecs: ["h264"], kinds: ["video"] },
  { clip: "aac-only", publisher: "ffmpeg", codecs: ["aac"], kinds: ["audio"] },
  { clip: "hevc-aac", publisher: "nodeav", codecs: ["hevc", "aac"] },
  { clip: "av1-opus", publisher: "nodeav", codecs: ["av1", "opus"] },
  { clip: "vp9-opus", publisher: "nodeav", codecs: ["vp9", "opus"] },
  { clip: "h264-opus", publisher: "nodeav", codecs: ["h264", "opus"] },
  { clip: "h264-flac", publisher: "nodeav", codecs: ["h264", "flac"] },
  { clip: "h264-ac3", publisher: "nodeav", codecs: ["h264", "ac3"] },
];

describe("codecs in fragmented MP4", () => {
  for (const { clip: name, publisher, codecs, kinds } of CASES) {
    const needs: Need[] = publisher === "nodeav" ? ["nodeav", "ffmpeg"] : ["ffmpeg"];
    testWith(...needs)(
      `${name} published by ${publisher === "nodeav" ? "FFmpeg 8" : "ffmpeg"}`,
      async () => {
        const file = await clip(name);
        await using naru = await startNaru();
        const url = naru.publishUrl("live/test");
        await using _ = publisher === "nodeav" ? publishWithNodeav(file, url) : publishWithFfmpeg(file, url);
        const playlist = await naru.live("live/test");

        const { streams } = await probe(playlist);
        expect(streams.map((stream) => stream.codec_name).sort()).toEqual([...codecs].sort());
        if (name === "h264-aac51") expect(streams.find((stream) => stream.codec_type === "audio")?.channels).toBe(6);
        expect(faultsOf(await decodeWithFfmpeg(playlist, SECONDS), SECONDS, { kinds })).toEqual([]);
      },
      60_000,
    );
  }
});
