import { ProtocolError } from "../errors.ts";
import { decodeControlValue, MessageType, type RtmpMessage } from "./message.ts";

/** Bytes of the message header by format (RTMP 1.0 5.3.1.2). */
const HEADER_SIZES = [11, 7, 3, 0] as const;
/** Basic header, message header, extended timestamp. */
const MAX_HEADER_SIZE = 3 + 11 + 4;
const EXTENDED = 0xff_ffff;
/** A message is this long at most, so a larger chunk size means nothing (5.4.1). */
const MAX_CHUNK_SIZE = 0xff_ffff;
/** Room a message gets before its bytes are here: an announcement alone must cost nothing. */
const FIRST_ROOM = 4096;
/** A view may hold so many times its size: pictures of several tracks come in one read, and go together. */
const MOST_HELD = 8;
/** Messages that may be unfinished beside one of the greatest size. */
const PENDING_SLACK = 1 << 20;
const EMPTY = new Uint8Array(0);

export type ChunkLimits = {
  /** In bytes. */
  readonly maxMessageSize: number;
  /** Chunk streams with a state of their own; encoders use three to eight. */
  readonly maxChunkStreams?: number;
};

/** What is known of a chunk stream: the header that later ones inherit from, and the message in progress. */
type ChunkStream = {
  readonly csid: number;
  timestamp: number;
  /** What a type 3 header that starts a message adds: after type 0 the timestamp itself (5.3.1.2.4). */
  delta: number;
  extended: boolean;
  length: number;
  type: number;
  streamId: number;
  /** A message has begun and is not complete. */
  open: boolean;
  received: number;
  body: Uint8Array;
};

/**
 * Puts messages together from chunks (RTMP 1.0 5.3), however the bytes are split. Set Chunk Size and Abort are obeyed here
 * and not handed on. A message's body may be a view of the bytes handed in, so these must never be written again.
 */
export class ChunkReader {
  #chunkSize = 128;
  readonly #maxMessageSize: number;
  readonly #maxChunkStreams: number;
  readonly #streams = new Map<number, ChunkStream>();
  /** Bytes held by unfinished messages. */
  #pending = 0;
  /** The stream whose chunk is being read, and what is missing of the chunk. */
  #current: ChunkStream | undefined;
  #chunkLeft = 0;
  /** A header that is not complete yet. */
  readonly #partial = new Uint8Array(MAX_HEADER_SIZE);
  #partialLength = 0;

  constructor(
    limits: ChunkLimits,
    private readonly onMessage: (message: RtmpMessage) => void,
  ) {
    this.#maxMessageSize = limits.maxMessageSize;
    this.#maxChunkStreams = limits.maxChunkStreams ?? 64;
  }

  /** Bytes that unfinished messages hold. */
  get pending(): number {
    return this.#pending;
  }

  /** Takes all of `bytes` from `start`. @throws ProtocolError */
  read(bytes: Uint8Array, start = 0): void {
    let at = start;
    while (at < bytes.length) at = this.#current ? this.#payload(bytes, at) : this.#header(bytes, at);
  }

  #header(bytes: Uint8Array, start: number): number {
    if (this.#partialLength === 0) {
      const next = this.#parseHeader(bytes, start, bytes.length);
      if (next !== undefined) return next;
      this.#partial.set(bytes.subarray(start));
      this.#partialLength = bytes.length - start;
      return bytes.length;
    }
    const partial = this.#partial;
    for (let at = start; at < bytes.length; ) {
      partial[this.#partialLength++] = bytes[at++] as number;
      const next = this.#parseHeader(partial, 0, this.#partialLength);
      if (next === undefined) continue;
      // What was taken for an extended timestamp and is none belongs to the payload.
      const surplus = partial.slice(next, this.#partialLength);
      this.#partialLength = 0;
      this.read(surplus);
      return at;
    }
    return bytes.length;
  }

  /** Reads one chunk header and makes its stream the current one; undefined and no effect when bytes are missing. */
  #parseHeader(bytes: Uint8Array, start: number, end: number): number | undefined {
    let at = start;
    const first = bytes[at++] as number;
    const format = (first >> 6) as 0 | 1 | 2 | 3;
    let csid = first & 0x3f;
    if (csid === 0) {
      if (at + 1 > end) return undefined;
      csid = 64 + (bytes[at++] as number);
    } else if (csid === 1) {
      if (at + 2 > end) return undefined;
      csid = 64 + (bytes[at] as number) + ((bytes[at + 1] as number) << 8);
      at += 2;
    }
    const known = this.#streams.get(csid);
    const fields = at;
    at += HEADER_SIZES[format];
    if (at > end) return undefined;

    let time = 0;
    let extended = known?.extended ?? false;
    if (format < 3) {
      time = u24(bytes, fields);
      extended = time === EXTENDED;
      if (extended) {
        if (at + 4 > end) return undefined;
        time = u32(bytes, at);
        at += 4;
      }
    } else if (extended && known) {
      const repeats = known.open ? repeatsTimestamp(known, bytes, at, end) : at + 4 > end ? undefined : true;
      if (repeats === undefined) return undefined;
      if (repeats) at += 4;
    }

    const stream = known ?? this.#addStream(csid);
    const length = format < 2 ? u24(bytes, fields + 3) : stream.length;
    const type = format < 2 ? (bytes[fields + 6] as number) : stream.type;
    stream.extended = extended;
    if (stream.open) {
      // A header in the midst of a message is against 5.3.2.2; it does no harm when it says what is known.
      if (length !== stream.length || type !== stream.type) {
        throw new ProtocolError(`a new message on chunk stream ${csid} before the one before it was complete`);
      }
    } else {
      if (length > this.#maxMessageSize) {
        throw new ProtocolError(
          `a message of ${length} bytes; at most ${this.#maxMessageSize} are accepted`,
          "limit-reached",
        );
      }
      if (format < 3) stream.delta = time;
      stream.timestamp = format === 0 ? time : (stream.timestamp + stream.delta) >>> 0;
      stream.length = length;
      stream.type = type;
      if (format === 0) stream.streamId = u32LE(bytes, fields + 7);
      stream.open = true;
    }
    this.#chunkLeft = Math.min(this.#chunkSize, stream.length - stream.received);
    if (this.#chunkLeft === 0) this.#complete(stream);
    else this.#current = stream;
    return at;
  }

  #payload(bytes: Uint8Array, at: number): number {
    const stream = this.#current as ChunkStream;
    const available = bytes.length - at;
    if (this.#isView(stream, bytes.length, available)) {
      stream.body = bytes.subarray(at, at + stream.length);
      this.#pending += stream.length;
      this.#current = undefined;
      this.#complete(stream);
      return at + stream.length;
    }
    const take = Math.min(this.#chunkLeft, available);
    const received = stream.received + take;
    if (received > stream.body.length) this.#grow(stream, Math.max(received, stream.received + available));
    copy(bytes, at, take, stream.body, stream.received);
    stream.received = received;
    this.#chunkLeft -= take;
    if (this.#chunkLeft === 0) {
      this.#current = undefined;
      if (received === stream.length) this.#complete(stream);
    }
    return at + take;
  }

  /** Whether the whole message is at hand in one piece, and no small part of the memory that a view of it would hold. */
  #isView({ received, length }: ChunkStream, read: number, available: number): boolean {
    return received === 0 && this.#chunkLeft === length && available >= length && length * MOST_HELD >= read;
  }

  #grow(stream: ChunkStream, wanted: number): void {
    const size = Math.min(stream.length, Math.max(wanted, FIRST_ROOM, stream.body.length * 4));
    this.#pending += size - stream.body.length;
    if (this.#pending > this.#maxMessageSize + PENDING_SLACK) {
      throw new ProtocolError("too many bytes in unfinished messages", "limit-reached");
    }
    const body = new Uint8Array(size);
    if (stream.received > 0) body.set(stream.body.subarray(0, stream.received));
    stream.body = body;
  }

  #complete(stream: ChunkStream): void {
    const { csid, streamId, type, timestamp, body } = stream;
    this.#reset(stream);
    if (type === MessageType.setChunkSize) this.#setChunkSize(body);
    else if (type === MessageType.abort) this.#abort(body);
    else this.onMessage({ csid, streamId, type, timestamp, body });
  }

  #reset(stream: ChunkStream): void {
    this.#pending -= stream.body.length;
    stream.body = EMPTY;
    stream.received = 0;
    stream.open = false;
  }

  #setChunkSize(body: Uint8Array): void {
    const size = decodeControlValue(body);
    if (size === undefined || size === 0 || size > 0x7fff_ffff) {
      throw new ProtocolError(size === undefined ? "Set Chunk Size without a size" : `a chunk size of ${size}`);
    }
    this.#chunkSize = Math.min(size, MAX_CHUNK_SIZE);
  }

  #abort(body: Uint8Array): void {
    const stream = this.#streams.get(decodeControlValue(body) ?? -1);
    if (stream?.open) this.#reset(stream);
  }

  #addStream(csid: number): ChunkStream {
    if (this.#streams.size >= this.#maxChunkStreams) {
      throw new ProtocolError(`more than ${this.#maxChunkStreams} chunk streams`, "limit-reached");
    }
    const stream: ChunkStream = {
      csid,
      timestamp: 0,
      delta: 0,
      extended: false,
      length: 0,
      type: 0,
      streamId: 0,
      open: false,
      received: 0,
      body: EMPTY,
    };
    this.#streams.set(csid, stream);
    return stream;
  }
}

/**
 * Whether a continuation chunk repeats the extended timestamp, as 5.3.1.3 asks: many senders do not. They are told apart by
 * the value, which may be the message's timestamp or the delta. Undefined when more bytes are needed to say.
 */
function repeatsTimestamp(stream: ChunkStream, bytes: Uint8Array, at: number, end: number): boolean | undefined {
  const delta = startsWithU32(stream.delta, bytes, at, end);
  if (delta === true) return true;
  const absolute = startsWithU32(stream.timestamp, bytes, at, end);
  if (absolute === true) return true;
  return delta === undefined || absolute === undefined ? undefined : false;
}

function startsWithU32(value: number, bytes: Uint8Array, at: number, end: number): boolean | undefined {
  for (let i = 0; i < 4; i++) {
    if (at + i >= end) return undefined;
    if (bytes[at + i] !== ((value >>> (24 - 8 * i)) & 0xff)) return false;
  }
  return true;
}

/** Copies without a view for the few bytes of audio frames and chunk rests, where making the view costs more. */
function copy(from: Uint8Array, at: number, count: number, to: Uint8Array, offset: number): void {
  if (count > 32) to.set(from.subarray(at, at + count), offset);
  else for (let i = 0; i < count; i++) to[offset + i] = from[at + i] as number;
}

function u24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
}

function u32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) * 0x100_0000 + u24(bytes, at + 1)) >>> 0;
}

function u32LE(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}
