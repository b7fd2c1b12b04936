/**
 * A hash of bytes that can be joined: the hash of `a` and `b` one behind the other is that of both, so that parts can be
 * compared with their segment when neither is there any more. Not against somebody who wants two to be equal.
 */
export type Digest = { readonly length: number; readonly hash: number };

export const EMPTY_DIGEST: Digest = { length: 0, hash: 0 };

export function digestOf(bytes: Uint8Array, start = 0, end = bytes.length): Digest {
  let hash = 0;
  for (let i = start; i < end; i++) hash = (Math.imul(hash, BASE) + (bytes[i] as number) + 1) | 0;
  return { length: end - start, hash };
}

/** The digest of the bytes of `a` followed by those of `b`. */
export function joinDigests(a: Digest, b: Digest): Digest {
  return { length: a.length + b.length, hash: (Math.imul(a.hash, power(b.length)) + b.hash) | 0 };
}

export function sameDigest(a: Digest, b: Digest): boolean {
  return a.length === b.length && a.hash === b.hash;
}

/** Odd, so that its powers never vanish in 32 bits. */
const BASE = 0x0100_0193;

function power(exponent: number): number {
  let result = 1;
  let square = BASE;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = Math.imul(result, square);
    square = Math.imul(square, square);
  }
  return result;
}
