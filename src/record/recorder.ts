import { type MuxedTracks, sameTracks, trackList } from "../hls/muxed-tracks.ts";
import type { MediaEvent, Packet } from "../media/event.ts";
import type { Millis } from "../media/time.ts";
import type { AudioTrack, Track, TrackId, VideoTrack } from "../media/track.ts";
import type { RecorderConfig } from "./config.ts";
import { recordingName } from "./file-name.ts";
import { FlvFile } from "./flv-file.ts";
import { Mp4File } from "./mp4-file.ts";
import type { FileWrite, MakeFile, RecordingFile } from "./recording-file.ts";

/** Where the bytes of one recorded file go. */
export interface FileSink {
  /** What is there already, in milliseconds: the times of the file go on from here, and its head is not written again. */
  readonly goesOnAt?: Millis;
  write(write: FileWrite): void;
  /** The file is complete. */
  close(recorded: RecordedFile): void;
}

/** A file that is complete. */
export type RecordedFile = {
  /** Of media, in seconds. */
  readonly duration: number;
  readonly bytes: number;
  readonly reason: RecordingEnd;
};

/** Why a file ended. */
export type RecordingEnd =
  | "stream-ended"
  | "encoder-left"
  | "tracks-changed"
  | "piece"
  | "stopped"
  | "limit"
  | "failed";

export type RecorderOptions = {
  readonly config: RecorderConfig;
  /** Name of the recorder. */
  readonly name: string;
  /** Path of the stream. */
  readonly path: string;
  readonly wallclockAt: (now: Millis) => Millis;
  /** Begins a file. @param file its name relative to the directory, without ending */
  readonly open: (file: string) => FileSink;
};

const FORMATS: Readonly<Record<RecorderConfig["format"], MakeFile>> = {
  mp4: (tracks, write) => new Mp4File(tracks, write),
  flv: (tracks, write, goesOnAt) => new FlvFile(tracks, write, goesOnAt),
};

type OpenFile = {
  readonly sink: FileSink;
  readonly file: RecordingFile;
  /** dts of the first packet, in seconds. */
  readonly start: number;
  end: number;
  bytes: number;
};

/**
 * Records one stream to a sequence of files. A file begins with a keyframe and has one set of tracks; another begins when the
 * tracks change, when an encoder comes back, and where the configuration wants pieces.
 */
export class Recorder {
  readonly #options: RecorderOptions;
  #tracks: MuxedTracks = {};
  readonly #timescales = new Map<TrackId, number>();
  #video: TrackId | undefined;
  #current: OpenFile | undefined;
  /** Why it stopped; undefined while it records whatever comes. */
  #stopped: RecordingEnd | undefined;
  /** Of the file to come. */
  #announced: string | undefined;
  /** Over all files of one encoder, for the limits. */
  #bytes = 0;
  #frames = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#stopped = options.config.manual ? "stopped" : undefined;
  }

  get isRecording(): boolean {
    return this.#current !== undefined;
  }

  /** A `MediaSink`. */
  readonly write = (event: MediaEvent, now: Millis): void => {
    switch (event.type) {
      case "packet":
        if (!this.#stopped) this.#packet(event, now);
        return;
      case "tracks":
        this.#setTracks(event.tracks);
        return;
      case "gap":
        if (event.reason === "publisher-lost") this.#encoderLeft();
        return;
      case "end":
        this.#finish("stream-ended");
        return;
      case "data":
        return;
      default:
        event satisfies never;
    }
  };

  /**
   * Records from the next keyframe on, if it does not already.
   * @returns the name that the file will have, as `open` gets it; undefined when nothing changes
   */
  start(now: Millis): string | undefined {
    if (!this.#stopped) return undefined;
    this.#stopped = undefined;
    this.#bytes = 0;
    this.#frames = 0;
    this.#announced = this.#nameAt(now);
    return this.#announced;
  }

  /** Ends the file, and begins no other until the next encoder comes. */
  stop(reason: RecordingEnd = "stopped"): void {
    this.#stopped = reason;
    this.#announced = undefined;
    this.#finish(reason);
  }

  /** What stopped the recording of one encoder does not stop that of the next. */
  #encoderLeft(): void {
    this.#finish("encoder-left");
    this.#stopped = this.#options.config.manual ? "stopped" : undefined;
    this.#announced = undefined;
    this.#bytes = 0;
    this.#frames = 0;
  }

  #setTracks(all: readonly Track[]): void {
    const { media } = this.#options.config;
    const video = all.find((track): track is VideoTrack => track.kind === "video");
    const audio = all.find((track): track is AudioTrack => track.kind === "audio");
    const tracks: MuxedTracks = {
      video: media === "audio" ? undefined : video,
      audio: media === "all" || media === "audio" ? audio : undefined,
    };
    if (sameTracks(tracks, this.#tracks)) return;
    this.#finish("tracks-changed");
    this.#tracks = tracks;
    this.#timescales.clear();
    for (const { id, timescale } of trackList(tracks)) this.#timescales.set(id, timescale);
    this.#video = tracks.video?.id;
  }

  #packet(packet: Packet, now: Millis): void {
    const timescale = this.#timescales.get(packet.track);
    if (timescale === undefined) return;
    const { config } = this.#options;
    const isVideo = packet.track === this.#video;
    if (config.media === "keyframes" && !packet.key) return;
    const seconds = packet.dts / timescale;
    const mayBegin = isVideo ? packet.key : this.#video === undefined;
    if (mayBegin && this.#current && this.#isPieceFull(this.#current, seconds)) this.#finish("piece");
    if (!this.#current && !mayBegin) return;
    const current = (this.#current ??= this.#begin(seconds, now));
    current.end = Math.max(current.end, seconds);
    current.file.write(packet, now);
    if (isVideo) this.#frames++;
    const { maxSize, maxFrames } = config;
    if (
      this.#bytes >= (maxSize ?? Number.POSITIVE_INFINITY) ||
      this.#frames >= (maxFrames ?? Number.POSITIVE_INFINITY)
    ) {
      this.stop("limit");
    }
  }

  #isPieceFull({ start, bytes }: OpenFile, seconds: number): boolean {
    const { pieceDuration = Number.POSITIVE_INFINITY, pieceSize = Number.POSITIVE_INFINITY } = this.#options.config;
    return (seconds - start) * 1000 >= pieceDuration - TOLERANCE || bytes >= pieceSize;
  }

  #begin(start: number, now: Millis): OpenFile {
    const { config, open } = this.#options;
    const sink = open(this.#announced ?? this.#nameAt(now));
    this.#announced = undefined;
    const write = (written: FileWrite): void => {
      if (written.at === undefined) {
        begun.bytes += written.bytes.length;
        this.#bytes += written.bytes.length;
      }
      sink.write(written);
    };
    const begun = { sink, start, end: start, bytes: 0 };
    return Object.assign(begun, { file: FORMATS[config.format](trackList(this.#tracks), write, sink.goesOnAt) });
  }

  #nameAt(now: Millis): string {
    const { config, name, path, wallclockAt } = this.#options;
    return recordingName(config.file, { path, recorder: name, wallclock: wallclockAt(now) });
  }

  #finish(reason: RecordingEnd): void {
    const current = this.#current;
    if (!current) return;
    this.#current = undefined;
    current.file.finish();
    const { start, end, bytes } = current;
    current.sink.close({ duration: end - start, bytes, reason });
  }
}

/** Keyframes come a little early or late. */
const TOLERANCE: Millis = 20;
