import { join } from "node:path";
import type { ManifestNames } from "../../dash/manifest.ts";
import type { RenditionView } from "../../hls/rendition-view.ts";
import { encodeUri, isFileName } from "./hls-names.ts";

/** Where a stream's DASH files lie. */
export type DashNames = {
  /** Directory that the files are in. */
  readonly directory: string;
  readonly manifest: string;
  /** What the manifest is written to before it takes the manifest's place. */
  readonly unfinished: string;
  init(view: RenditionView, number: number): string;
  segment(view: RenditionView, time: number): string;
  /** As the manifest lists them. */
  readonly listed: ManifestNames;
};

export type DashNaming = {
  readonly directory: string;
  /** The stream's name below its application. */
  readonly name: string;
  /** NAME/index.mpd and NAME/TIME.m4v instead of NAME.mpd and NAME-TIME.m4v. */
  readonly nested: boolean;
};

/** The sound that nginx-rtmp has too. */
const FIRST_SOUND = "audio-1";

/**
 * The files of a stream, named as nginx-rtmp does; those of renditions that it has not bear the rendition's name. Undefined when
 * the name is not one plain file name.
 */
export function toDashNames({ directory, name, nested }: DashNaming): DashNames | undefined {
  if (!isFileName(name)) return undefined;
  const below = nested ? join(directory, name) : directory;
  const stem = nested ? "" : `${name}-`;
  const uriStem = nested ? "" : `${encodeUri(name)}-`;
  const manifest = join(below, nested ? "index.mpd" : `${name}.mpd`);
  // Once begun, a stream may get other initialization sections, while the first is still listed.
  const firstInits = new Map<string, number>();
  const initOf = (view: RenditionView, number: number): string => {
    const first = firstInits.get(view.name);
    if (first === undefined) firstInits.set(view.name, number);
    const part = first === undefined || first === number ? "" : `-${number}`;
    return `${partOf(view)}init${part}.${endingOf(view)}`;
  };
  return {
    directory: below,
    manifest,
    unfinished: `${manifest}.bak`,
    init: (view, number) => join(below, stem + initOf(view, number)),
    segment: (view, time) => join(below, `${stem}${partOf(view)}${time}.${endingOf(view)}`),
    listed: {
      init: (view, number) => uriStem + initOf(view, number),
      media: (view) => `${uriStem}${partOf(view)}$Time$.${endingOf(view)}`,
    },
  };
}

/** Of files that are a stream's; what else lies there is left alone. */
export function isDashFile(name: string, nested: boolean): boolean {
  const media = nested ? /^(?:[\w-]+-)?(?:init(?:-\d+)?|\d+)\.m4[va]$/ : /-(?:init(?:-\d+)?|\d+)\.m4[va]$/;
  return media.test(name) || (nested ? /^index\.mpd(\.bak)?$/ : /\.mpd(\.bak)?$/).test(name);
}

function partOf({ name, kind }: RenditionView): string {
  return name === "main" || (kind === "audio" && name === FIRST_SOUND) ? "" : `${name}-`;
}

function endingOf({ kind }: RenditionView): string {
  return kind === "video" ? "m4v" : "m4a";
}
