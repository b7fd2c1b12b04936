import { Noise } from "../fuzz/random.ts";

/** A seeded generator of numbers in [0, 1), so that every run has the same cases. */
export function random(seed: number): () => number {
  const noise = new Noise(seed);
  return () => noise.fraction();
}

/** A copy of `sample` with one to three faults: bits turned, bytes replaced, cut out, doubled, or the end lost. */
export function mutate(sample: Uint8Array, next: () => number): Uint8Array {
  let bytes = Array.from(sample);
  const below = (limit: number): number => Math.floor(next() * limit);
  for (let faults = 1 + below(3); faults > 0 && bytes.length > 0; faults--) {
    const at = below(bytes.length);
    const count = 1 + below(Math.min(8, bytes.length - at));
    switch (below(6)) {
      case 0:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
        break;
      case 1:
        bytes[at] = below(256);
        break;
      case 2:
        bytes[at] = next() < 0.5 ? 0 : 0xff;
        break;
      case 3:
        bytes = bytes.slice(0, at);
        break;
      case 4:
        bytes.splice(at, count);
        break;
      default:
        bytes.splice(at, 0, ...bytes.slice(at, at + count));
    }
  }
  return Uint8Array.from(bytes);
}
