import { decodeAacConfig } from "../../src/codecs/aac/config.ts";
import { decodeAvcConfig } from "../../src/codecs/h264/config.ts";
import type { MediaEvent, Packet } from "../../src/media/event.ts";
import { type Track, VIDEO_TIMESCALE } from "../../src/media/track.ts";

/** One event of a file and when it would arrive, in milliseconds from the start. */
export type TimedEvent = { readonly at: number; readonly event: MediaEvent };

/** An FLV file of H.264 and AAC as the events an RTMP publish of it makes: times in milliseconds, arrivals in file order. */
export function readFlv(file: Uint8Array, options: { readonly startSeconds?: number } = {}): TimedEvent[] {
  const startMs = (options.startSeconds ?? 10) * 1000;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const tracks: Track[] = [];
  const out: TimedEvent[] = [];
  let first: number | undefined;
  let at = view.getUint32(5) + 4;
  while (at + 11 <= file.length) {
    const type = view.getUint8(at);
    const size = view.getUint32(at) & 0xff_ffff;
    const time = view.getUint32(at + 4);
    const dtsMs = ((time >>> 8) | (time << 24)) >>> 0;
    const body = file.subarray(at + 11, at + 11 + size);
    at += 11 + size + 4;
    if (type === 9 && body[1] === 0) {
      tracks.push({ id: 1, kind: "video", timescale: VIDEO_TIMESCALE, config: decodeAvcConfig(body.slice(5)) });
    } else if (type === 8 && body[1] === 0) {
      const config = decodeAacConfig(body.slice(2));
      tracks.push({ id: 2, kind: "audio", timescale: config.sampleRate, config });
    } else if ((type === 9 || type === 8) && body[1] === 1) {
      first ??= dtsMs;
      if (out.length === 0) out.push({ at: 0, event: { type: "tracks", tracks: [...tracks] } });
      const track = tracks.find((candidate) => candidate.kind === (type === 9 ? "video" : "audio"));
      if (!track) continue;
      out.push({
        at: dtsMs - first,
        event: type === 9 ? toVideo(body, track, dtsMs + startMs) : toAudio(body, track, dtsMs + startMs),
      });
    }
  }
  return out;
}

function toVideo(body: Uint8Array, track: Track, dtsMs: number): Packet {
  const offset = (((body[2] as number) << 24) | ((body[3] as number) << 16) | ((body[4] as number) << 8)) >> 8;
  const dts = dtsMs * 90;
  const key = (body[0] as number) >> 4 === 1;
  return { type: "packet", track: track.id, dts, pts: dts + offset * 90, duration: 0, key, data: body.slice(5) };
}

function toAudio(body: Uint8Array, track: Track, dtsMs: number): Packet {
  const dts = Math.round((dtsMs * track.timescale) / 1000);
  return { type: "packet", track: track.id, dts, pts: dts, duration: 0, key: true, data: body.slice(2) };
}
