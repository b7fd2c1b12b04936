import { MalformedError } from "../bytes/errors.ts";

/** Longer than what any server sends as a head, or as the line before a chunk. */
const MAX_HEAD = 64 * 1024;
const MAX_LINE = 1_024;
/** Of a body that is kept: longer than any playlist. */
const MAX_KEPT = 16 * 1024 ** 2;

const CR_LF_CR_LF = "\r\n\r\n";

type BodyForm = "length" | "chunked" | "until-close" | "none";

/**
 * Reads one HTTP/1.1 response after the other (RFC 9112) from bytes in pieces of any size. Bodies are counted, and kept only
 * where that was asked for. Bytes that are handed in must not be written afterwards.
 */
export class HttpResponseReader {
  #keep = false;
  #phase: "head" | "body" | "done" = "done";
  #pending: Uint8Array | undefined;
  #form: BodyForm = "none";
  /** Bytes of the body, or of the chunk, that are still to come; -1 when a chunk's size is. */
  #left = 0;
  #lastChunk = false;
  #kept: Uint8Array[] = [];
  #status = 0;
  #bytes = 0;
  #head = "";
  #lowered = "";

  /** Before each request. @param keep whether its body is wanted, and not only its length */
  begin(keep: boolean): void {
    this.#keep = keep;
    this.#phase = "head";
    this.#pending = undefined;
    this.#kept = [];
    this.#bytes = 0;
  }

  get status(): number {
    return this.#status;
  }

  /** Length of the body so far, without the framing of chunks. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Value of a header, the first if there are several. @param name in lower case */
  header(name: string): string | undefined {
    const at = this.#lowered.indexOf(`\r\n${name}:`);
    if (at < 0) return undefined;
    const from = at + name.length + 3;
    const end = this.#head.indexOf("\r", from);
    return this.#head.slice(from, end < 0 ? undefined : end).trim();
  }

  /** Whether another request may follow on the connection. */
  get keepsAlive(): boolean {
    return this.#form !== "until-close" && this.header("connection")?.toLowerCase() !== "close";
  }

  /** The body, where it was to be kept. */
  body(): Uint8Array {
    return this.#kept.length === 1 ? (this.#kept[0] as Uint8Array) : Buffer.concat(this.#kept);
  }

  /**
   * @returns true when the response is complete
   * @throws MalformedError for bytes that are no response, or come when none is expected
   */
  receive(bytes: Uint8Array): boolean {
    if (this.#phase === "done") throw new MalformedError("HTTP: bytes without a request");
    if (this.#phase === "head") {
      const all = this.#pending ? Buffer.concat([this.#pending, bytes]) : asBuffer(bytes);
      const from = this.#readHead(all, 0);
      return from !== undefined && this.#readOn(all, from);
    }
    return this.#readOn(bytes, 0);
  }

  /** The connection was closed. @returns true when that completes the response */
  close(): boolean {
    const complete = this.#phase === "body" && this.#form === "until-close";
    this.#phase = "done";
    return complete;
  }

  /** @returns where the body begins; undefined when the head is not all here */
  #readHead(bytes: Buffer, from: number): number | undefined {
    const end = bytes.indexOf(CR_LF_CR_LF, from);
    if (end < 0) {
      if (bytes.length - from > MAX_HEAD) throw new MalformedError("HTTP: the head is too long");
      this.#pending = bytes.subarray(from);
      return undefined;
    }
    this.#pending = undefined;
    this.#head = bytes.toString("latin1", from, end);
    this.#lowered = this.#head.toLowerCase();
    const status = /^http\/1\.[01] (\d{3})/.exec(this.#lowered)?.[1];
    if (status === undefined) throw new MalformedError("HTTP: no status line");
    this.#status = Number(status);
    const after = end + CR_LF_CR_LF.length;
    // Interim responses (RFC 9110 15.2) come before the one that counts.
    if (this.#status < 200) return this.#readHead(bytes, after);
    this.#beginBody();
    return after;
  }

  #beginBody(): void {
    this.#phase = "body";
    this.#lastChunk = false;
    if (this.#status === 204 || this.#status === 304) {
      this.#form = "none";
      this.#left = 0;
      return;
    }
    const length = this.header("content-length");
    if (length !== undefined) {
      this.#form = "length";
      this.#left = Number(length);
      if (!Number.isSafeInteger(this.#left) || this.#left < 0) throw new MalformedError("HTTP: Content-Length");
    } else if (this.header("transfer-encoding")?.toLowerCase().endsWith("chunked")) {
      this.#form = "chunked";
      this.#left = -1;
    } else {
      this.#form = "until-close";
      this.#left = Number.POSITIVE_INFINITY;
    }
  }

  #readOn(bytes: Uint8Array, from: number): boolean {
    if (this.#form === "chunked") return this.#readChunks(from === 0 ? bytes : bytes.subarray(from));
    const length = bytes.length - from;
    if (length > this.#left) throw new MalformedError("HTTP: more bytes than the length says");
    this.#left -= length;
    if (this.#keep && length > 0) this.#take(bytes.subarray(from));
    else this.#bytes += length;
    return this.#left === 0 && this.#finish();
  }

  #readChunks(bytes: Uint8Array): boolean {
    let rest = this.#pending ? Buffer.concat([this.#pending, bytes]) : asBuffer(bytes);
    this.#pending = undefined;
    for (;;) {
      if (this.#left >= 0) {
        const taken = Math.min(this.#left, rest.length);
        this.#take(rest.subarray(0, taken));
        this.#left -= taken;
        rest = rest.subarray(taken);
        if (this.#left > 0) return false;
        if (rest.length < 2) return this.#await(rest);
        if (rest[0] !== 0x0d || rest[1] !== 0x0a) throw new MalformedError("HTTP: a chunk without its end");
        rest = rest.subarray(2);
        this.#left = -1;
      }
      const end = rest.indexOf("\r\n");
      if (end < 0) {
        if (rest.length > MAX_LINE) throw new MalformedError("HTTP: the line of a chunk is too long");
        return this.#await(rest);
      }
      const line = rest.toString("latin1", 0, end);
      rest = rest.subarray(end + 2);
      if (this.#lastChunk) {
        // Trailers, up to an empty line.
        if (line !== "") continue;
        if (rest.length > 0) throw new MalformedError("HTTP: bytes behind the last chunk");
        return this.#finish();
      }
      const size = /^([0-9a-f]{1,12})[ \t]*(?:;|$)/i.exec(line)?.[1];
      if (size === undefined) throw new MalformedError("HTTP: a chunk without a size");
      const length = Number.parseInt(size, 16);
      if (length === 0) this.#lastChunk = true;
      else this.#left = length;
    }
  }

  #await(rest: Uint8Array): false {
    if (rest.length > 0) this.#pending = rest;
    return false;
  }

  #take(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    if (!this.#keep || bytes.length === 0) return;
    if (this.#bytes > MAX_KEPT) throw new MalformedError("HTTP: the body is too long");
    this.#kept.push(bytes);
  }

  #finish(): true {
    this.#phase = "done";
    return true;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
