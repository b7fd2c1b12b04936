import { join } from "node:path";

/** Where a stream's files lie, and what its playlist calls them. */
export type HlsNames = {
  /** Directory that the files are in. */
  readonly directory: string;
  readonly playlist: string;
  /** What the playlist is written to before it takes the playlist's place. */
  readonly unfinished: string;
  segment(id: number): string;
  /** As the playlist lists it. */
  uri(id: number): string;
  /** Of a segment that a playlist lists; undefined for one of other naming. */
  idOf(uri: string): number | undefined;
};

export type HlsNaming = {
  readonly directory: string;
  /** The stream's name below its application. */
  readonly name: string;
  /** NAME/index.m3u8 and NAME/N.ts instead of NAME.m3u8 and NAME-N.ts. */
  readonly nested: boolean;
  readonly baseUrl: string;
};

/** File names may have 255 bytes on the usual file systems; the rest is for `-`, a number and the ending. */
const MAX_NAME_BYTES = 220;

/**
 * The files of a stream, named as nginx-rtmp does. Undefined when the name is not one plain file name: nginx-rtmp has no
 * streams below an application's own level either (it refuses `live/a` as an unknown application).
 */
export function toHlsNames({ directory, name, nested, baseUrl }: HlsNaming): HlsNames | undefined {
  if (!isFileName(name)) return undefined;
  const below = nested ? join(directory, name) : directory;
  const stem = nested ? "" : `${name}-`;
  const playlist = join(below, nested ? "index.m3u8" : `${name}.m3u8`);
  const uriStem = nested ? "" : `${encodeUri(name)}-`;
  const uri = (id: number): string => `${baseUrl}${uriStem}${id}.ts`;
  return {
    directory: below,
    playlist,
    unfinished: `${playlist}.bak`,
    segment: (id) => join(below, `${stem}${id}.ts`),
    uri,
    idOf: (text) => {
      const id = Number(/(\d{1,15})\.ts$/.exec(text)?.[1] ?? Number.NaN);
      return uri(id) === text ? id : undefined;
    },
  };
}

/** No path, no hidden file, nothing that a shell or a terminal would trip over, not too long. */
export function isFileName(name: string): boolean {
  return (
    name !== "" &&
    !name.startsWith(".") &&
    !/[/\\\u0000-\u001f\u007f]/.test(name) &&
    name.isWellFormed() &&
    new TextEncoder().encode(name).length <= MAX_NAME_BYTES
  );
}

/** Leaves the characters of ordinary names as they are, so that the playlist reads as nginx-rtmp's. */
export function encodeUri(name: string): string {
  return encodeURIComponent(name).replace(/%(40|2B|3D|24|2C)/g, decodeURIComponent);
}
