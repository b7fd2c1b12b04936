import { MalformedError } from "../bytes/errors.ts";
import { ByteReader } from "../bytes/reader.ts";
import { ByteWriter } from "../bytes/writer.ts";
import type { VideoCodec } from "../media/track.ts";
import type { Keyframe, Picture, PictureFormat, Size } from "./picture.ts";

/** What the process that makes pictures is asked to do, one at a time. */
export type PictureJob =
  /** A keyframe as a picture that is at most so wide. */
  | {
      readonly type: "thumbnail";
      readonly id: number;
      readonly keyframe: Keyframe;
      readonly width: number;
      readonly format: PictureFormat;
    }
  /** A keyframe as samples, within a box; what it does not fill is black. */
  | { readonly type: "tile"; readonly id: number; readonly keyframe: Keyframe; readonly size: Size }
  /** Tiles of one size as a picture, in rows of `columns`; places without a tile are black. */
  | {
      readonly type: "sheet";
      readonly id: number;
      readonly format: PictureFormat;
      readonly tile: Size;
      readonly columns: number;
      readonly rows: number;
      readonly tiles: readonly PlacedTile[];
    };

export type PlacedTile = { readonly place: number; readonly samples: Uint8Array };

/** The answer to a job. `cpu`: what the process has taken since it started, in ms. */
export type PictureResult = { readonly id: number; readonly cpu: number } & (
  | { readonly type: "picture"; readonly picture: Picture }
  /** Planes Y, U, V of 4:2:0, 8 bits, full range, without padding. */
  | { readonly type: "samples"; readonly samples: Uint8Array }
  | { readonly type: "failed"; readonly reason: string }
);

/** Of a message: a keyframe may be some megabytes, a sheet's tiles too. */
export const MAX_MESSAGE = 64 * 1024 ** 2;

/** Bytes of a tile: 4:2:0, even sides. */
export function tileBytes({ width, height }: Size): number {
  return (width * height * 3) / 2;
}

export function encodeJob(job: PictureJob): Uint8Array {
  const writer = new ByteWriter(jobCapacity(job)).u8(JOBS.indexOf(job.type)).u32(job.id);
  switch (job.type) {
    case "thumbnail":
      writeKeyframe(writer, job.keyframe);
      return writer.u16(job.width).u8(FORMATS.indexOf(job.format)).take();
    case "tile":
      writeKeyframe(writer, job.keyframe);
      return writer.u16(job.size.width).u16(job.size.height).take();
    case "sheet":
      writer.u8(FORMATS.indexOf(job.format)).u16(job.tile.width).u16(job.tile.height);
      writer.u16(job.columns).u16(job.rows).u16(job.tiles.length);
      for (const { place, samples } of job.tiles) writer.u16(place).bytes(samples);
      return writer.take();
  }
}

/** @throws MalformedError */
export function decodeJob(bytes: Uint8Array): PictureJob {
  const reader = new ByteReader(bytes);
  const type = oneOf(JOBS, reader);
  const id = reader.u32();
  switch (type) {
    case "thumbnail":
      return { type, id, keyframe: readKeyframe(reader), width: reader.u16(), format: oneOf(FORMATS, reader) };
    case "tile":
      return { type, id, keyframe: readKeyframe(reader), size: readSize(reader) };
    case "sheet": {
      const format = oneOf(FORMATS, reader);
      const tile = readSize(reader);
      const columns = reader.u16();
      const rows = reader.u16();
      const count = reader.u16();
      const tiles = Array.from({ length: count }, () => {
        const place = reader.u16();
        if (place >= columns * rows) throw new MalformedError(`a tile at place ${place}`, reader.offset - 2);
        return { place, samples: reader.bytes(tileBytes(tile)) };
      });
      return { type, id, format, tile, columns, rows, tiles };
    }
  }
}

export function encodeResult(result: PictureResult): Uint8Array {
  const writer = new ByteWriter().u8(RESULTS.indexOf(result.type)).u32(result.id).f64(result.cpu);
  switch (result.type) {
    case "picture": {
      const { format, width, height, bytes } = result.picture;
      return writer.u8(FORMATS.indexOf(format)).u16(width).u16(height).bytes(bytes).take();
    }
    case "samples":
      return writer.bytes(result.samples).take();
    case "failed":
      return writer.utf8(result.reason).take();
  }
}

/** @throws MalformedError */
export function decodeResult(bytes: Uint8Array): PictureResult {
  const reader = new ByteReader(bytes);
  const type = oneOf(RESULTS, reader);
  const id = reader.u32();
  const cpu = reader.f64();
  switch (type) {
    case "picture": {
      const format = oneOf(FORMATS, reader);
      return { type, id, cpu, picture: { format, ...readSize(reader), bytes: reader.rest() } };
    }
    case "samples":
      return { type, id, cpu, samples: reader.rest() };
    case "failed":
      return { type, id, cpu, reason: reader.utf8(reader.left) };
  }
}

const JOBS = ["thumbnail", "tile", "sheet"] as const;
const RESULTS = ["picture", "samples", "failed"] as const;
const FORMATS = ["jpeg", "webp"] as const;
const CODECS = ["h264", "hevc", "av1", "vp9"] as const satisfies readonly VideoCodec[];

/** So that a keyframe is copied once. */
function jobCapacity(job: PictureJob): number {
  if (job.type === "sheet") return 64 + job.tiles.length * (tileBytes(job.tile) + 2);
  return 64 + job.keyframe.record.length + job.keyframe.data.length;
}

function writeKeyframe(writer: ByteWriter, { codec, record, data }: Keyframe): void {
  writer.u8(CODECS.indexOf(codec)).u32(record.length).bytes(record).u32(data.length).bytes(data);
}

function readKeyframe(reader: ByteReader): Keyframe {
  const codec = oneOf(CODECS, reader);
  return { codec, record: reader.bytes(reader.u32()), data: reader.bytes(reader.u32()) };
}

function readSize(reader: ByteReader): Size {
  return { width: reader.u16(), height: reader.u16() };
}

function oneOf<Value>(values: readonly Value[], reader: ByteReader): Value {
  const index = reader.u8();
  const value = values[index];
  if (value === undefined) throw new MalformedError(`unknown value ${index}`, reader.offset - 1);
  return value;
}
