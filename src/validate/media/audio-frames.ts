import { MalformedError } from "../../bytes/errors.ts";
import { decodeAdts } from "../../codecs/aac/adts.ts";
import { decodeAacConfig } from "../../codecs/aac/config.ts";
import { decodeSyncframe } from "../../codecs/ac3/syncframe.ts";
import { TIME_MODULUS } from "../../formats/mpegts/packet.ts";
import type { Ticks } from "../../media/time.ts";
import { checkStep } from "./continuity.ts";
import type { Note } from "./rules.ts";
import { ticksBetween } from "./summary.ts";

/** How frames tell where they begin: ADTS (ISO/IEC 14496-3 1.A.2.2), or syncframes of AC-3 and E-AC-3. */
export type FramedAudio = "adts" | "ac3";

/** Reads the frames of one audio stream out of PES packets or packed audio, where a frame may lie across two of them. */
export class AudioFrames {
  #rest: Uint8Array = new Uint8Array(0);
  #fault: string | undefined;
  #end: Ticks | undefined;
  #frame: Ticks = 0;
  #frames = 0;
  #codec: string | undefined;

  constructor(private readonly framing: FramedAudio) {}

  /** Where the last frame ends, in 90 kHz; undefined without frames. */
  get end(): Ticks | undefined {
    return this.#end;
  }

  get frames(): number {
    return this.#frames;
  }

  /** RFC 6381, by the first frame; undefined without one. */
  get codec(): string | undefined {
    return this.#codec;
  }

  /**
   * The next bytes. `pts` (90 kHz) is that of the first frame that begins in them.
   * @param name of the stream, for what is noted
   */
  read(payload: Uint8Array, pts: Ticks, name: string, note: Note): void {
    if (this.#fault !== undefined) return;
    if (this.#rest.length === 0) {
      if (this.#end !== undefined) this.#checkStart(pts, name, note);
      this.#end = pts;
    }
    const data = this.#rest.length === 0 ? payload : joinBytes(this.#rest, payload);
    let at = 0;
    try {
      while (at < data.length) {
        const size = this.framing === "adts" ? adtsSize(data, at) : syncframeSize(data, at);
        if (size === undefined || at + size > data.length) break;
        this.#take(data, at);
        at += size;
      }
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.#fault = `behind ${this.#frames} frames: ${error.what}`;
    }
    this.#rest = data.subarray(at);
  }

  /** What is wrong with the framing; undefined when all bytes are frames. */
  finish(): string | undefined {
    if (this.#fault !== undefined) return this.#fault;
    return this.#rest.length > 0 ? `the last frame is cut, ${this.#rest.length} bytes of it are there` : undefined;
  }

  #checkStart(pts: Ticks, name: string, note: Note): void {
    const step = ticksBetween({ modulus: TIME_MODULUS }, this.#end ?? pts, pts);
    // Stamps are rounded, and streams are joined at frames: from a whole frame on, players drop or insert one.
    if (Math.abs(step) > this.#frame) checkStep(step, this.#frame, { name, timescale: 90_000 }, note);
  }

  #take(data: Uint8Array, at: number): void {
    let duration: number;
    if (this.framing === "adts") {
      const { asc, sampleRate, blocks } = decodeAdts(data, at);
      duration = (blocks * SAMPLES_PER_BLOCK * 90_000) / sampleRate;
      this.#codec ??= decodeAacConfig(asc).codecString;
    } else {
      const { samples, sampleRate, dependent, substream, enhanced } = decodeSyncframe(data, at);
      duration = dependent || substream > 0 ? 0 : (samples * 90_000) / sampleRate;
      this.#codec ??= enhanced ? "ec-3" : "ac-3";
    }
    if (duration > 0) {
      this.#frame = duration;
      this.#frames++;
    }
    this.#end = (this.#end ?? 0) + duration;
  }
}

/** A copy of both, one behind the other. */
export function joinBytes(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

const SAMPLES_PER_BLOCK = 1024;
const ADTS_HEADER = 7;
const SYNCFRAME_HEADER = 8;

/** Bytes of the frame; undefined while its header is not whole. */
function adtsSize(data: Uint8Array, at: number): number | undefined {
  const [b0 = 0, b1 = 0, , b3 = 0, b4 = 0, b5 = 0] = data.subarray(at, at + ADTS_HEADER);
  if (b0 !== 0xff || (at + 1 < data.length && (b1 & 0xf6) !== 0xf0)) {
    throw new MalformedError("no ADTS syncword", at);
  }
  if (at + ADTS_HEADER > data.length) return undefined;
  const size = ((b3 & 3) << 11) | (b4 << 3) | (b5 >> 5);
  if (size < ADTS_HEADER) throw new MalformedError(`ADTS frame of ${size} bytes`, at);
  return size;
}

function syncframeSize(data: Uint8Array, at: number): number | undefined {
  return at + SYNCFRAME_HEADER > data.length ? undefined : decodeSyncframe(data, at).size;
}
