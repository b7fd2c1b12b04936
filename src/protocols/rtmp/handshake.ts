import { ProtocolError } from "../errors.ts";

/** Handed in: the core has neither randomness nor cryptography. */
export type HandshakeCrypto = {
  random(length: number): Uint8Array;
  hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array;
};

/** Size of C1, C2, S1 and S2 (RTMP 1.0 5.2.3). */
const PACKET = 1536;
const DIGEST = 32;
const VERSION = 3;
/** What a server that digests calls itself: zero here would mean the simple handshake. */
const SERVER_VERSION = [4, 5, 0, 1] as const;

// The keys of the digest handshake, which is not in the RTMP document; the same in every implementation.
const CRUD = Uint8Array.from(
  [0xf0ee_c24a, 0x8068_bee8, 0x2e00_d0d1, 0x029e_7e57, 0x6eec_5d2d, 0x2980_6fab, 0x93b8_e636, 0xcfeb_31ae].flatMap(
    (word) => [word >>> 24, word >>> 16, word >>> 8, word].map((byte) => byte & 0xff),
  ),
);
const PLAYER_KEY = ascii("Genuine Adobe Flash Player 001");
const SERVER_KEY = ascii("Genuine Adobe Flash Media Server 001");
const SERVER_KEY_LONG = join(SERVER_KEY, CRUD);

/** Where the digest lies: the four bytes at `offset` add up to a distance, counted modulo 728 from `base`. */
const SCHEMES = [
  { offset: 8, base: 12 },
  { offset: 772, base: 776 },
] as const;

/** What the server's side of a handshake makes of the bytes it is given. */
export type HandshakeStep = {
  /** How many of the bytes were the handshake's. */
  readonly consumed: number;
  readonly reply: Uint8Array | undefined;
};

/** The server's side: C0 C1 in, S0 S1 S2 out, C2 in. C2 is not verified; many clients send anything. */
export class ServerHandshake {
  readonly #c0c1 = new Uint8Array(1 + PACKET);
  #received = 0;

  constructor(private readonly crypto: HandshakeCrypto) {}

  get done(): boolean {
    return this.#received === 1 + 2 * PACKET;
  }

  /** @throws ProtocolError when the first byte is not RTMP's */
  receive(bytes: Uint8Array): HandshakeStep {
    let consumed = 0;
    let reply: Uint8Array | undefined;
    if (this.#received === 0 && bytes.length > 0) checkVersion(bytes);
    const missing = 1 + PACKET - this.#received;
    if (missing > 0) {
      consumed = Math.min(missing, bytes.length);
      this.#c0c1.set(bytes.subarray(0, consumed), this.#received);
      this.#received += consumed;
      if (consumed === missing) reply = answer(this.#c0c1.subarray(1), this.crypto);
    }
    const rest = Math.min(bytes.length - consumed, 1 + 2 * PACKET - this.#received);
    this.#received += rest;
    return { consumed: consumed + rest, reply };
  }
}

/** The client's side, simple form: sends `c0c1`, answers S1 with its echo. */
export class ClientHandshake {
  /** Sent first. */
  readonly c0c1: Uint8Array;
  readonly #s1 = new Uint8Array(PACKET);
  #received = 0;

  constructor(random: (length: number) => Uint8Array) {
    this.c0c1 = new Uint8Array(1 + PACKET);
    this.c0c1[0] = VERSION;
    this.c0c1.set(random(PACKET - 8), 9);
  }

  get done(): boolean {
    return this.#received === 1 + 2 * PACKET;
  }

  /** @throws ProtocolError */
  receive(bytes: Uint8Array): HandshakeStep {
    if (this.#received === 0 && bytes.length > 0) checkVersion(bytes);
    const consumed = Math.min(bytes.length, 1 + 2 * PACKET - this.#received);
    const before = this.#received;
    this.#received += consumed;
    if (before < 1 + PACKET) {
      const from = before === 0 ? 1 : 0;
      const at = before === 0 ? 0 : before - 1;
      this.#s1.set(bytes.subarray(from, Math.min(consumed, from + PACKET - at)), at);
    }
    const answered = before < 1 + PACKET && this.#received >= 1 + PACKET;
    return { consumed, reply: answered ? this.#s1.slice() : undefined };
  }
}

/** S0, S1 and S2 for a C1. */
function answer(c1: Uint8Array, crypto: HandshakeCrypto): Uint8Array {
  const out = new Uint8Array(1 + 2 * PACKET);
  out[0] = VERSION;
  const s1 = out.subarray(1, 1 + PACKET);
  const s2 = out.subarray(1 + PACKET);
  s1.set(crypto.random(PACKET - 8), 8);
  const found = findDigest(c1, crypto);
  if (!found) {
    // Version bytes of zero tell players not to look for a digest; some encoders abort unless S2 is C1 to the byte.
    s2.set(c1);
    return out;
  }
  s1.set(SERVER_VERSION, 4);
  const at = digestOffset(s1, found.scheme);
  s1.set(crypto.hmacSha256(SERVER_KEY, without(s1, at)), at);
  s2.set(crypto.random(PACKET - DIGEST));
  const key = crypto.hmacSha256(SERVER_KEY_LONG, found.digest);
  s2.set(crypto.hmacSha256(key, s2.subarray(0, PACKET - DIGEST)), PACKET - DIGEST);
  return out;
}

type Scheme = (typeof SCHEMES)[number];

function findDigest(c1: Uint8Array, crypto: HandshakeCrypto): { scheme: Scheme; digest: Uint8Array } | undefined {
  if (!c1[4] && !c1[5] && !c1[6] && !c1[7]) return undefined;
  for (const scheme of SCHEMES) {
    const at = digestOffset(c1, scheme);
    const digest = c1.subarray(at, at + DIGEST);
    if (equal(digest, crypto.hmacSha256(PLAYER_KEY, without(c1, at)))) return { scheme, digest };
  }
  return undefined;
}

function digestOffset(packet: Uint8Array, scheme: Scheme): number {
  let sum = 0;
  for (let i = 0; i < 4; i++) sum += packet[scheme.offset + i] as number;
  return scheme.base + (sum % 728);
}

function without(packet: Uint8Array, at: number): Uint8Array {
  return join(packet.subarray(0, at), packet.subarray(at + DIGEST));
}

function checkVersion(bytes: Uint8Array): void {
  const version = bytes[0] as number;
  if (version === VERSION) return;
  if (version === 0x16) throw new ProtocolError("the peer speaks TLS (rtmps:// or https://) to a plain RTMP port");
  if (version === 6 || version === 8)
    throw new ProtocolError("the peer asks for encrypted RTMP (rtmpe), which is not supported");
  if (isHttp(bytes)) throw new ProtocolError("the peer speaks HTTP to an RTMP port");
  throw new ProtocolError(`not RTMP: the first byte is ${version} where the version 3 is expected`);
}

/** Whether a connection begins as an HTTP request does: a method in capital letters. */
export function isHttp(bytes: Uint8Array): boolean {
  const first = bytes[0] ?? 0;
  return first >= 0x41 && first <= 0x5a;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
