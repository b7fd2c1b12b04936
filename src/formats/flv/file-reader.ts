import { MalformedError } from "../../bytes/errors.ts";
import type { MediaEvent } from "../../media/event.ts";
import type { Millis } from "../../media/time.ts";
import type { Track } from "../../media/track.ts";
import { type AmfObject, isAmfObject } from "../amf/value.ts";
import type { MediaFile, TrackChoice } from "../media-file.ts";
import type { Reading } from "../reading.ts";
import { FlvDemuxer } from "./demuxer.ts";
import { TagType } from "./tag.ts";

const TAG_HEAD = 11;
const BACK_POINTER = 4;
/** Bytes of a video tag that tell whether it is a keyframe. */
const FRAME_HEAD = 2;
/** Tags before the tracks are known. */
const MAX_FIRST_TAGS = 10_000;
/** Places that are remembered: more than a day of one in two seconds. */
const MAX_POINTS = 50_000;

type Point = { readonly time: Millis; readonly offset: number };
type TagHead = { readonly type: number; readonly size: number; readonly time: number };

/** Opens an FLV file (FLV 10.1 E.2). @throws MalformedError when it is none, or has no media that is known here */
export function* openFlv(choice: TrackChoice): Reading<MediaFile> {
  const head = yield { offset: 0, length: 9 };
  if (head.length < 9 || head[0] !== 0x46 || head[1] !== 0x4c || head[2] !== 0x56)
    throw new MalformedError("no FLV", 0);
  const start = new DataView(head.buffer, head.byteOffset).getUint32(5) + BACK_POINTER;
  const file = new FlvFileReader(start, choice);
  yield* file.open();
  return file;
}

/** The tags of a file, from any keyframe on. */
class FlvFileReader implements MediaFile {
  duration: Millis | undefined;
  #offset: number;
  readonly #start: number;
  readonly #choice: TrackChoice;
  #events: MediaEvent[] = [];
  readonly #demuxer: FlvDemuxer;
  #hasVideo = false;
  #taken: ReadonlySet<number> = new Set();
  /** Keyframes in order, as the metadata says, or as far as they have been looked for. */
  #points: Point[] = [];
  #isIndexed = false;
  #scannedTo: number;

  constructor(start: number, choice: TrackChoice) {
    this.#start = this.#offset = this.#scannedTo = start;
    this.#choice = choice;
    this.#demuxer = new FlvDemuxer({
      onEvent: (event) => this.#take(event),
      onMetadata: (metadata) => this.#describe(metadata),
    });
  }

  *open(): Reading<void> {
    for (let tags = 0; this.#events.length === 0; tags++) {
      if (tags > MAX_FIRST_TAGS || !(yield* this.#tag())) throw new MalformedError("an FLV file without media");
    }
  }

  *next(): Reading<readonly MediaEvent[] | undefined> {
    while (this.#events.length === 0) if (!(yield* this.#tag())) return undefined;
    const events = this.#events;
    this.#events = [];
    return events;
  }

  *seek(time: Millis): Reading<void> {
    if (!this.#isIndexed) yield* this.#scan(time);
    let found: Point = { time: 0, offset: this.#start };
    for (const point of this.#points) {
      if (point.time > time) break;
      found = point;
    }
    const head = yield* this.#head(found.offset);
    if (this.#isIndexed && (!head || !isMedia(head.type))) {
      // What the metadata says is not so.
      this.#isIndexed = false;
      this.#points = [];
      yield* this.seek(time);
      return;
    }
    this.#events = this.#events.filter(({ type }) => type === "tracks");
    this.#offset = found.offset;
  }

  /** One tag; false at the end of the file, or where it is broken off. */
  *#tag(): Reading<boolean> {
    const head = yield* this.#head(this.#offset);
    if (!head) return false;
    const body = yield { offset: this.#offset + TAG_HEAD, length: head.size };
    if (body.length < head.size) {
      this.#demuxer.end(0);
      return this.#events.length > 0;
    }
    this.#offset += TAG_HEAD + head.size + BACK_POINTER;
    this.#demuxer.push(head.type, head.time, body, 0);
    return true;
  }

  *#head(offset: number): Reading<TagHead | undefined> {
    const bytes = yield { offset, length: TAG_HEAD };
    if (bytes.length < TAG_HEAD) {
      this.#demuxer.end(0);
      return undefined;
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const type = view.getUint8(0) & 0x1f;
    if (!isMedia(type) && type !== TagType.script) throw new MalformedError(`FLV tag of type ${type}`, offset);
    const stamp = view.getUint32(4);
    return { type, size: view.getUint32(0) & 0xff_ffff, time: (stamp >>> 8) + (stamp & 0xff) * 0x100_0000 };
  }

  /** Looks for keyframes up to a time, from where it was last looked. */
  *#scan(time: Millis): Reading<void> {
    for (let offset = this.#scannedTo; ; ) {
      const head = yield* this.#head(offset);
      if (!head) break;
      const next = offset + TAG_HEAD + head.size + BACK_POINTER;
      if (yield* this.#isPoint(head, offset)) {
        this.#add({ time: head.time, offset });
        if (head.time > time) {
          this.#scannedTo = next;
          return;
        }
      }
      this.#scannedTo = offset = next;
    }
  }

  *#isPoint({ type, size }: TagHead, offset: number): Reading<boolean> {
    if (!this.#hasVideo) return type === TagType.audio;
    if (type !== TagType.video || size < FRAME_HEAD) return false;
    const bytes = yield { offset: offset + TAG_HEAD, length: FRAME_HEAD };
    const [first = 0, second = 0] = bytes;
    if (((first >> 4) & 7) !== 1) return false;
    // Sequence headers are marked as keyframes, too; packet type 0 in both forms of header.
    return first & 0x80 ? (first & 0xf) !== 0 : (first & 0xf) !== 7 || second !== 0;
  }

  #add(point: Point): void {
    const last = this.#points.at(-1);
    // Sound alone can be entered anywhere.
    if (last && !this.#hasVideo && point.time - last.time < 1000) return;
    this.#points.push(point);
    if (this.#points.length > MAX_POINTS) this.#points = this.#points.filter((_, index) => index % 2 === 0);
  }

  #take(event: MediaEvent): void {
    if (event.type === "tracks") {
      const tracks = chosen(event.tracks, this.#choice);
      this.#taken = new Set(tracks.map(({ id }) => id));
      this.#hasVideo = tracks.some(({ kind }) => kind === "video");
      this.#events.push({ type: "tracks", tracks });
    } else if (event.type === "packet" && this.#taken.has(event.track)) this.#events.push(event);
  }

  /** Duration, and the index that many tools write: `keyframes` with `times` (seconds) and `filepositions`. */
  #describe(metadata: AmfObject): void {
    const { duration, keyframes } = metadata;
    if (typeof duration === "number" && duration > 0) this.duration = duration * 1000;
    if (keyframes === undefined || !isAmfObject(keyframes)) return;
    const { times, filepositions } = keyframes;
    if (!Array.isArray(times) || !Array.isArray(filepositions)) return;
    const points: Point[] = [];
    for (const [index, time] of times.slice(0, MAX_POINTS).entries()) {
      const offset = filepositions[index];
      if (typeof time !== "number" || typeof offset !== "number") return;
      if (!Number.isSafeInteger(offset) || offset < this.#start || !(time >= 0)) return;
      points.push({ time: time * 1000, offset });
    }
    this.#points = points.sort((a, b) => a.time - b.time);
    this.#isIndexed = points.length > 1;
  }
}

/** One track of each kind. */
export function chosen(tracks: readonly Track[], { video, audio }: TrackChoice): Track[] {
  const of = (kind: Track["kind"], index: number) => tracks.filter((track) => track.kind === kind)[index];
  return [of("video", video), of("audio", audio)].filter((track) => track !== undefined);
}

const isMedia = (type: number): boolean => type === TagType.audio || type === TagType.video;
