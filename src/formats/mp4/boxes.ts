import { MalformedError } from "../../bytes/errors.ts";
import { ByteReader } from "../../bytes/reader.ts";

/** One box (ISO/IEC 14496-12 4.2). */
export type Box = {
  /** FourCC, as Latin-1. */
  readonly type: string;
  /** FourCCs from the outermost box to this one, joined by "/". */
  readonly path: string;
  /** From the start of the walked bytes, the header included. */
  readonly offset: number;
  readonly size: number;
  /** Everything behind size and type (and largesize); FullBox version and flags are its first four bytes. A view. */
  readonly payload: Uint8Array;
};

/**
 * Walks boxes depth-first, outer before inner, into those that hold boxes (sample entries too). A box that reaches past
 * its parent's end, or is shorter than its header, throws `MalformedError`.
 */
export function* walkBoxes(bytes: Uint8Array): Generator<Box> {
  yield* walk(bytes, 0, bytes.length, "", 0);
}

/** The boxes with a path such as "moov/trak/mdia". A last part of "*" takes any. */
export function findBoxes(bytes: Uint8Array, path: string): Box[] {
  const parent = path.endsWith("/*") ? path.slice(0, -1) : undefined;
  return [...walkBoxes(bytes)].filter((box) =>
    parent === undefined ? box.path === path : box.path === parent + box.type,
  );
}

/** The first box with a path such as "moov/trak/mdia". */
export function findBox(bytes: Uint8Array, path: string): Box | undefined {
  return findBoxes(bytes, path)[0];
}

/** Track fragment header (8.8.7); fields that the flags leave out are undefined. */
export type Tfhd = {
  readonly flags: number;
  readonly trackId: number;
  readonly baseDataOffset?: number;
  readonly sampleDescriptionIndex?: number;
  readonly defaultDuration?: number;
  readonly defaultSize?: number;
  readonly defaultFlags?: number;
};

/** Decodes the payload of a tfhd. */
export function decodeTfhd(payload: Uint8Array): Tfhd {
  const reader = new ByteReader(payload);
  const flags = reader.u32() & 0xff_ffff;
  return {
    flags,
    trackId: reader.u32(),
    baseDataOffset: flags & 0x1 ? reader.u64() : undefined,
    sampleDescriptionIndex: flags & 0x2 ? reader.u32() : undefined,
    defaultDuration: flags & 0x8 ? reader.u32() : undefined,
    defaultSize: flags & 0x10 ? reader.u32() : undefined,
    defaultFlags: flags & 0x20 ? reader.u32() : undefined,
  };
}

/** Decodes the payload of a tfdt (8.8.12): baseMediaDecodeTime. */
export function decodeTfdt(payload: Uint8Array): number {
  const reader = new ByteReader(payload);
  return reader.u32() >>> 24 === 1 ? reader.u64() : reader.u32();
}

/** Track fragment run (8.8.8). */
export type Trun = {
  readonly version: number;
  readonly flags: number;
  readonly dataOffset?: number;
  readonly firstSampleFlags?: number;
  readonly samples: readonly TrunSample[];
};

export type TrunSample = {
  readonly duration?: number;
  readonly size?: number;
  readonly flags?: number;
  readonly compositionOffset?: number;
};

/** Decodes the payload of a trun. */
export function decodeTrun(payload: Uint8Array): Trun {
  const reader = new ByteReader(payload);
  const head = reader.u32();
  const version = head >>> 24;
  const flags = head & 0xff_ffff;
  const count = reader.u32();
  if (count > MAX_SAMPLES) throw new MalformedError(`trun of ${count} samples`, 4);
  const dataOffset = flags & 0x1 ? reader.s32() : undefined;
  const firstSampleFlags = flags & 0x4 ? reader.u32() : undefined;
  const samples: TrunSample[] = [];
  for (let i = 0; i < count; i++) {
    samples.push({
      duration: flags & 0x100 ? reader.u32() : undefined,
      size: flags & 0x200 ? reader.u32() : undefined,
      flags: flags & 0x400 ? reader.u32() : undefined,
      compositionOffset: flags & 0x800 ? (version === 0 ? reader.u32() : reader.s32()) : undefined,
    });
  }
  return { version, flags, dataOffset, firstSampleFlags, samples };
}

/** A run may have no columns, so its count is not bounded by its bytes; an hour at 240 frames a second has fewer. */
const MAX_SAMPLES = 1_000_000;

/** Deeper than any file nests. */
const MAX_DEPTH = 16;

/** Bytes between the header and the first inner box, of the boxes that hold boxes. */
const CONTAINERS: ReadonlyMap<string, number> = new Map([
  ...[
    "moov",
    "trak",
    "edts",
    "mdia",
    "minf",
    "dinf",
    "stbl",
    "mvex",
    "moof",
    "traf",
    "mfra",
    "udta",
    "sinf",
    "schi",
  ].map((type) => [type, 0] as const),
  ["meta", 4],
  ["dref", 8],
  ["stsd", 8],
  ...["avc1", "avc3", "hvc1", "hev1", "dvh1", "dvhe", "av01", "vp09", "encv"].map((type) => [type, 78] as const),
  ...["mp4a", "Opus", "fLaC", "ac-3", "ec-3", ".mp3", "enca"].map((type) => [type, 28] as const),
]);

function* walk(bytes: Uint8Array, start: number, end: number, parent: string, depth: number): Generator<Box> {
  if (depth > MAX_DEPTH) throw new MalformedError(`boxes nested more than ${MAX_DEPTH} deep`, start);
  const reader = new ByteReader(bytes, start, end);
  while (reader.left > 0) {
    const offset = reader.offset;
    let size = reader.u32();
    const type = reader.ascii(4);
    if (size === 1) size = reader.u64();
    else if (size === 0) size = end - offset;
    const header = reader.offset - offset;
    if (size < header) throw new MalformedError(`${type} box of ${size} bytes`, offset);
    const payload = reader.bytes(size - header);
    const path = parent + type;
    yield { type, path, offset, size, payload };
    const inner = CONTAINERS.get(type);
    if (inner === undefined) continue;
    if (inner > payload.length) throw new MalformedError(`${type} box of ${size} bytes`, offset);
    yield* walk(bytes, offset + header + inner, offset + size, `${path}/`, depth + 1);
  }
}
