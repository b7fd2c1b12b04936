import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { testCrypto } from "../../../test/support/rtmp-script.ts";
import { FlvDemuxer } from "../../formats/flv/demuxer.ts";
import type { MediaEvent } from "../../media/event.ts";
import type { Effect } from "../session.ts";
import type { RtmpServerEvent } from "./server-event.ts";
import { RtmpServerSession } from "./server-session.ts";

const OPTIONS = {
  chunkSize: 60_000,
  ackWindow: 2_500_000,
  maxMessageSize: 10 << 20,
  maxStreams: 32,
  handshakeTimeout: 10_000,
  idleTimeout: 30_000,
  mediaTimeout: 0,
  pingInterval: 0,
};

type Replay = {
  readonly path: string | undefined;
  readonly query: string | undefined;
  /** Messages by type. */
  readonly counts: Record<number, number>;
  readonly events: readonly RtmpServerEvent[];
  readonly media: readonly MediaEvent[];
  readonly skipped: readonly string[];
};

function replay(name: string, sizes: () => number): Replay {
  const bytes = new Uint8Array(readFileSync(join(import.meta.dir, "../../../test/fixtures/rtmp", `${name}.bin`)));
  const session = new RtmpServerSession(OPTIONS, testCrypto, 0);
  const events: RtmpServerEvent[] = [];
  const media: MediaEvent[] = [];
  const skipped: string[] = [];
  const counts: Record<number, number> = {};
  const demuxer = new FlvDemuxer({
    onEvent: (event) => media.push(event),
    onSkipped: (reason) => skipped.push(reason),
  });
  let target: { path: string; query: string } | undefined;

  const carryOut = (effects: readonly Effect<RtmpServerEvent>[]): void => {
    for (const effect of effects) {
      expect(effect.type).not.toBe("close");
      if (effect.type !== "event") continue;
      const { event } = effect;
      events.push(event);
      if (event.type === "publishRequested" || event.type === "playRequested") target = event.target;
      if (event.type === "connectRequested") carryOut(session.acceptConnect(0));
      if (event.type === "publishRequested") carryOut(session.acceptPublish(event.id));
      if (event.type !== "media") continue;
      counts[event.messageType] = (counts[event.messageType] ?? 0) + 1;
      demuxer.push(event.messageType, event.timestamp, event.body, 0);
    }
  };
  for (let at = 0; at < bytes.length; ) {
    const piece = bytes.slice(at, at + sizes());
    at += piece.length;
    carryOut(session.receive(piece, 0));
  }
  return { path: target?.path, query: target?.query, counts, events, media, skipped };
}

/** Sizes of reads from 1 to 3000, in an order that is always the same. */
function unevenSizes(): () => number {
  let state = 12_345;
  return () => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff;
    return 1 + (state % 3000);
  };
}

const CLIENTS: readonly {
  name: string;
  path: string | undefined;
  query?: string;
  counts: Record<number, number>;
  tracks?: string[];
}[] = [
  {
    name: "ffmpeg-5.1-h264-aac",
    path: "live/ff",
    query: "tok=ab",
    counts: { 8: 10, 9: 8, 18: 1 },
    tracks: ["avc1.64001E", "mp4a.40.2"],
  },
  { name: "ffmpeg-5.1-slash-in-query", path: undefined, query: undefined, counts: {} },
  {
    name: "ffmpeg-8.1-hevc-aac",
    path: "live/hevc",
    counts: { 8: 18, 9: 14, 18: 1 },
    tracks: ["hvc1.1.6.L63.90", "mp4a.40.2"],
  },
  {
    name: "ffmpeg-8.1-multitrack",
    path: "live/multi",
    counts: { 8: 15, 9: 14, 18: 1 },
    tracks: ["avc1.64001E", "mp4a.40.2", "hvc1.1.6.L63.90", "opus"],
  },
  {
    name: "gstreamer-1.22-h264-aac",
    path: "live/gst",
    counts: { 8: 27, 9: 18, 18: 15 },
    tracks: ["avc1.F4000D", "mp4a.40.2"],
  },
  { name: "gstreamer-1.22-play", path: "live/obs", counts: {} },
  {
    name: "obs-29.0-h264-aac",
    path: "live/obs",
    query: "token=abc",
    counts: { 8: 14, 9: 9, 18: 1 },
    tracks: ["avc1.42C01E", "mp4a.40.2"],
  },
  { name: "vlc-3.0-play", path: "live/obs", counts: {} },
];

describe("real clients", () => {
  for (const { name, path, query = path === undefined ? undefined : "", counts, tracks } of CLIENTS) {
    test(`${name} is understood`, () => {
      const result = replay(name, () => 1 << 20);
      expect({ path: result.path, query: result.query, counts: result.counts }).toEqual({ path, query, counts });
      expect(result.skipped).toEqual([]);
      const sets = result.media.filter((event) => event.type === "tracks");
      expect(sets.length).toBe(tracks ? 1 : 0);
      const codecs = sets[0]?.tracks.flatMap((track) => (track.kind === "data" ? [] : [track.config.codecString]));
      expect(codecs).toEqual(tracks);
      const [key] = result.media.filter((event) => event.type === "packet" && event.track === 0);
      if (tracks) expect(key).toMatchObject({ key: true });
    });

    test(`${name} is the same however it is split`, () => {
      const whole = replay(name, () => 1 << 20);
      expect(replay(name, () => 1)).toEqual(whole);
      expect(replay(name, unevenSizes())).toEqual(whole);
      expect(replay(name, () => 1448)).toEqual(whole);
    });
  }
});
