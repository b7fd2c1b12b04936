import { describe, expect, test } from "bun:test";
import { sampleAudio, sampleVideo } from "../../../test/support/sample-tracks.ts";
import { opusConfig } from "../../codecs/opus/config.ts";
import type { MediaEvent, Packet } from "../../media/event.ts";
import type { AudioConfig, AudioTrack, Track, VideoTrack } from "../../media/track.ts";
import { FlvDemuxer } from "./demuxer.ts";
import { type FlvMessage, FlvMuxer, type FlvMuxerOptions } from "./muxer.ts";
import { decodeScriptData, metadataOf } from "./script-data.ts";
import { encodeTag, restampTags } from "./tag.ts";

const OPTIONS: FlvMuxerOptions = { accepts: () => true, metadata: "on", described: () => ({}), shift: () => 0 };
const bodyOf = ({ head, data }: FlvMessage): Uint8Array => new Uint8Array(Buffer.concat([head, data]));
const packet = (track: number, dts: number, fields: Partial<Packet> = {}): Packet => ({
  type: "packet",
  track,
  dts,
  pts: dts,
  duration: 0,
  key: true,
  data: Uint8Array.of(0, 0, 0, 4, 0x65, 0x88, 0x84, 0x21),
  ...fields,
});

function mux(
  tracks: readonly Track[],
  packets: readonly Packet[],
  options: Partial<FlvMuxerOptions> = {},
): FlvMessage[] {
  const muxer = new FlvMuxer({ ...OPTIONS, ...options });
  const out: FlvMessage[] = [];
  muxer.setTracks(tracks);
  for (const one of packets) muxer.packet(one, out);
  return out;
}

/** What our own demuxer, which knows encoders, makes of the messages. */
function demux(messages: readonly FlvMessage[]): MediaEvent[] {
  const events: MediaEvent[] = [];
  const onSkipped = (reason: string) => {
    throw new Error(reason);
  };
  const demuxer = new FlvDemuxer({ onEvent: (event) => events.push(event), onSkipped });
  for (const message of messages) demuxer.push(message.type, message.time, bodyOf(message), message.time);
  demuxer.end(0);
  return events;
}

const video = (config: Partial<VideoTrack["config"]>): VideoTrack => ({
  ...sampleVideo,
  config: { ...sampleVideo.config, ...config },
});
const audio = (config: Partial<AudioConfig>, timescale = 48_000): AudioTrack => ({
  ...sampleAudio,
  timescale,
  config: { ...sampleAudio.config, ...config },
});

describe("the muxer", () => {
  test("writes H.264 and AAC with classic headers", () => {
    const messages = mux(
      [sampleVideo, sampleAudio],
      [
        packet(1, 90_000, { pts: 93_600 }),
        packet(2, 48_480, { data: Uint8Array.of(7) }),
        packet(1, 93_600, { key: false }),
      ],
    );
    expect(messages.map(({ type, role, time, delta }) => [type, role, time, delta])).toEqual([
      [18, "head", 0, 0],
      [9, "head", 1000, 0],
      [8, "head", 1000, 0],
      [9, "key", 1000, 0],
      [8, "media", 1010, 10],
      [9, "media", 1040, 40],
    ]);
    const [, videoHead, audioHead, key, sound, inter] = messages.map(bodyOf);
    expect(videoHead).toEqual(Uint8Array.of(0x17, 0, 0, 0, 0, ...sampleVideo.config.record));
    expect(audioHead).toEqual(Uint8Array.of(0xaf, 0, 0x11, 0x90));
    expect(key).toEqual(Uint8Array.of(0x17, 1, 0, 0, 40, 0, 0, 0, 4, 0x65, 0x88, 0x84, 0x21));
    expect(sound).toEqual(Uint8Array.of(0xaf, 1, 7));
    expect(inter?.subarray(0, 5)).toEqual(Uint8Array.of(0x27, 1, 0, 0, 0));
  });

  const codecs: readonly (readonly [string, Track, string])[] = [
    ["HEVC", video({ codec: "hevc" }), "\x90hvc1"],
    ["AV1", video({ codec: "av1" }), "\x90av01"],
    ["VP9", video({ codec: "vp9" }), "\x90vp09"],
    ["Opus", audio(opusConfig(2)), "\x90Opus"],
    ["FLAC", audio({ codec: "flac", record: new Uint8Array(34) }), "\x90fLaC"],
  ];
  test.each(codecs)("writes %s with an enhanced header, for who takes it", (_, track, head) => {
    const [, config] = mux([track], [packet(track.id, 0)]);
    expect(Buffer.from(config?.head ?? []).toString("latin1")).toBe(head);
    expect(mux([track], [packet(track.id, 0)], { accepts: () => false })).toEqual([]);
  });

  test("writes AC-3 without a sequence header", () => {
    const messages = mux([audio({ codec: "ac3" })], [packet(2, 0)]);
    expect(messages.map(({ role }) => role)).toEqual(["head", "media"]);
    expect(Buffer.from(messages[1]?.head ?? []).toString("latin1")).toBe("\x91ac-3");
  });

  test("is read by our demuxer as what it was", () => {
    const opus = audio(opusConfig(6));
    const hex = "016e002affe10019676e002aa6cb403c0113d4d808800001f48000ea60078c195001000468ce0fc8fdfafa00";
    const record = Uint8Array.from(Buffer.from(hex, "hex"));
    const events = demux(
      mux([video({ record }), opus], [packet(1, 0), packet(2, 960, { data: Uint8Array.of(0xfc, 1) }), packet(1, 3600)]),
    );
    const [tracks] = events.flatMap((event) => (event.type === "tracks" ? [event.tracks] : []));
    expect(tracks?.find((track) => track.kind === "audio")).toMatchObject({
      config: { codec: "opus", channels: 6, record: opus.config.record },
    });
    expect(tracks?.find((track) => track.kind === "video")).toMatchObject({ config: { codec: "h264", record } });
    expect(events.flatMap((event) => (event.type === "packet" ? [event.dts] : []))).toEqual([0, 960, 3600]);
  });

  test("takes the first track of a kind", () => {
    const messages = mux([sampleVideo, { ...sampleVideo, id: 5 }], [packet(5, 0), packet(1, 0)]);
    expect(messages.map(({ role }) => role)).toEqual(["head", "head", "key"]);
  });

  test("has metadata of the tracks, and of what the encoder says of rates", () => {
    const described = () => ({ encoder: "obs", videodatarate: 2500, width: 1, nested: {} });
    const metadata = (options: Partial<FlvMuxerOptions>) => {
      const [first] = mux([video({ codec: "hevc", frameRate: 30 }), sampleAudio], [packet(1, 0)], {
        described,
        ...options,
      });
      return first?.type === 18 ? metadataOf(decodeScriptData(first.data)) : undefined;
    };
    expect(metadata({})).toEqual({
      videodatarate: 2500,
      encoder: "obs",
      width: 1280,
      height: 720,
      framerate: 30,
      videocodecid: 0x68766331,
      audiocodecid: 10,
      audiosamplerate: 48_000,
      audiochannels: 2,
      stereo: true,
    });
    expect(metadata({ metadata: "copy" })).toEqual({ encoder: "obs", videodatarate: 2500, width: 1 });
    expect(metadata({ metadata: "off" })).toBeUndefined();
  });

  test("marks sound from before the picture that it begins with, and lets no time go back", () => {
    const messages = mux(
      [sampleVideo, sampleAudio],
      [packet(1, 90_000), packet(2, 47_520), packet(2, 48_480), packet(1, 93_600)],
    );
    expect(messages.map(({ role, time, delta }) => [role, time, delta]).slice(3)).toEqual([
      ["key", 1000, 0],
      ["early", 1000, 0],
      ["media", 1010, 10],
      ["key", 1040, 40],
    ]);
    const mixed = messages.map(({ mixedTime }) => mixedTime).slice(1);
    expect(mixed).toEqual([...mixed].sort((a, b) => a - b));
  });
});

test("tags take another's time, but for script data", () => {
  const tag = (type: number, timestamp: number) =>
    encodeTag({ type, timestamp, body: Uint8Array.of(1, 2), more: Uint8Array.of(3) });
  const tags = Buffer.concat([tag(18, 0), tag(9, 5), tag(8, 6)]);
  const stamped = Buffer.concat([tag(18, 0), tag(9, 0x1234_5678), tag(8, 0x1234_5678)]);
  expect(Buffer.from(restampTags(tags, tag(9, 0x1234_5678)))).toEqual(stamped);
});
