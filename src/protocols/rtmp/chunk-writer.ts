import type { RtmpMessage } from "./message.ts";

const EXTENDED = 0xff_ffff;

type Sent = { streamId: number; timestamp: number };

/**
 * Cuts messages into chunks (RTMP 1.0 5.3). Uses type 0 headers, and type 1 where `write` may and the time goes forward;
 * chunks after the first are type 3 and repeat an extended timestamp (5.3.1.3).
 */
export class ChunkWriter {
  /** Of what follows. The peer must have been told before. */
  chunkSize = 128;
  readonly #sent = new Map<number, Sent>();

  /** The chunks of a message, in one piece. Chunk stream ids are 2 to 65599; a body is at most 2^24 - 1 bytes. */
  write(message: RtmpMessage): Uint8Array {
    const { csid, body } = message;
    const previous = this.#sent.get(csid);
    const delta = previous ? (message.timestamp - previous.timestamp) | 0 : -1;
    // Control and commands keep to type 0, the form no receiver gets wrong.
    const short = message.type !== 20 && csid !== 2 && previous?.streamId === message.streamId && delta >= 0;
    const full = !short || delta >= EXTENDED;
    const time = full ? message.timestamp >>> 0 : delta;
    const extended = time >= EXTENDED;
    const basic = csid < 64 ? 1 : csid < 320 ? 2 : 3;
    const chunks = Math.max(1, Math.ceil(body.length / this.chunkSize));
    const extra = extended ? 4 : 0;
    const out = new Uint8Array(chunks * (basic + extra) + (full ? 11 : 7) + body.length);

    let at = writeBasic(out, 0, full ? 0 : 1, csid);
    at = writeU24(out, at, extended ? EXTENDED : time);
    at = writeU24(out, at, body.length);
    out[at++] = message.type;
    if (full) {
      out[at++] = message.streamId;
      out[at++] = message.streamId >>> 8;
      out[at++] = message.streamId >>> 16;
      out[at++] = message.streamId >>> 24;
    }
    if (extended) at = writeU32(out, at, time);
    for (let from = 0; ; ) {
      const to = Math.min(from + this.chunkSize, body.length);
      out.set(from === 0 && to === body.length ? body : body.subarray(from, to), at);
      at += to - from;
      from = to;
      if (from >= body.length) break;
      at = writeBasic(out, at, 3, csid);
      if (extended) at = writeU32(out, at, time);
    }
    if (previous) {
      previous.streamId = message.streamId;
      previous.timestamp = message.timestamp;
    } else this.#sent.set(csid, { streamId: message.streamId, timestamp: message.timestamp });
    return out;
  }
}

function writeBasic(out: Uint8Array, at: number, format: number, csid: number): number {
  let next = at;
  if (csid < 64) out[next++] = (format << 6) | csid;
  else if (csid < 320) {
    out[next++] = format << 6;
    out[next++] = csid - 64;
  } else {
    out[next++] = (format << 6) | 1;
    out[next++] = csid - 64;
    out[next++] = (csid - 64) >>> 8;
  }
  return next;
}

function writeU24(out: Uint8Array, at: number, value: number): number {
  out[at] = value >>> 16;
  out[at + 1] = value >>> 8;
  out[at + 2] = value;
  return at + 3;
}

function writeU32(out: Uint8Array, at: number, value: number): number {
  out[at] = value >>> 24;
  return writeU24(out, at + 1, value);
}
