import type { HlsConfig } from "../hls/config.ts";
import type { HlsOrigin } from "../hls/origin.ts";
import type { RenditionWindow } from "../hls/window.ts";
import type { Log } from "../log.ts";
import type { Millis } from "../media/time.ts";
import { mediaLibraryPath } from "../media-process/library.ts";
import type { PicturesConfig } from "../pictures/config.ts";
import { Pictures } from "../pictures/pictures.ts";
import { startPictureProcess } from "../pictures/process.ts";
import { cmafKeyframe, type InitVideo, tsKeyframe, videoOf } from "../pictures/segment-keyframe.ts";
import type { BoardWindow } from "../pictures/storyboard.ts";
import type { Stream } from "../streams/stream.ts";
import { libraryMissing } from "./encoder-probe.ts";
import { ownCommand } from "./own-command.ts";

export type CreatePicturesOptions = {
  readonly config: PicturesConfig;
  readonly stream: (path: string) => Stream | undefined;
  readonly origin: HlsOrigin;
  /** How HLS is made of a stream. */
  readonly hls: (path: string) => HlsConfig | undefined;
  readonly log: Log;
  readonly now: () => Millis;
};

/** Pictures of the streams of a server. */
export function createPictures({ config, stream, origin, hls, log, now }: CreatePicturesOptions): Pictures {
  const inits = new WeakMap<Uint8Array, InitVideo | "none">();
  const videoOfInit = (window: RenditionWindow, number: number | undefined): InitVideo | undefined => {
    const init = number === undefined ? undefined : window.init(number);
    if (!init) return undefined;
    const known = inits.get(init) ?? videoOf(init) ?? "none";
    inits.set(init, known);
    return known === "none" ? undefined : known;
  };
  const windowOf = (path: string): BoardWindow | undefined => {
    const window = origin.get(path)?.lead;
    const settings = hls(path);
    if (!window || !settings) return undefined;
    const { segments } = window;
    const newest = segments[segments.length - 1];
    return {
      segments,
      expected: Math.max(MIN_SEGMENTS, Math.ceil(settings.window / settings.segment)),
      shape: videoOfInit(window, newest?.init)?.config ?? stream(path)?.cache.keyframe?.track.config,
      keyframe(msn) {
        const segment = segments.find((listed) => listed.msn === msn);
        if (!segment) return undefined;
        // Nothing but the beginning is looked at, where it is to be had alone.
        const media = window.part(msn, 0) ?? window.segment(msn);
        if (!media) return undefined;
        if (segment.init === undefined) return tsKeyframe(media);
        const video = videoOfInit(window, segment.init);
        return video && cmafKeyframe(media, video);
      },
    };
  };
  return new Pictures({
    config,
    missing: mediaLibraryPath() === undefined ? libraryMissing() : undefined,
    keyframe: (path) => stream(path)?.cache.keyframe,
    window: windowOf,
    now,
    start: (events) => startPictureProcess(ownCommand("picture-worker"), events),
    onTrouble: (reason, path) => log.warn("the process that makes pictures failed", { path, reason }),
  });
}

/** Fewer are never listed (RFC 8216bis and Apple's authoring rules). */
const MIN_SEGMENTS = 6;
