import { encodeAmf0 } from "../formats/amf/amf0.ts";
import { AmfEcmaArray } from "../formats/amf/value.ts";
import { encodeAudioTag } from "../formats/flv/audio-tag.ts";
import { encodeVideoTag } from "../formats/flv/video-tag.ts";
import type { Millis } from "../media/time.ts";
import { AUDIO_SPECIFIC_CONFIG, Beep, FRAME_SAMPLES, SAMPLE_RATE } from "./beep.ts";
import { CELL_SIZE, COLUMNS, FRAME_RATE, VISIBLE_ROWS } from "./cells.ts";
import { H264Encoder } from "./h264-encoder.ts";
import { DemoPicture } from "./picture.ts";

/** One RTMP message: 8 audio, 9 video, 18 script data. `timestamp` in milliseconds since the source's beginning. */
export type DemoMessage = { readonly type: 8 | 9 | 18; readonly timestamp: number; readonly body: Uint8Array };

export type DemoSourceOptions = {
  /** Wall clock of the beginning. */
  readonly startsAt: Millis;
  /** What a clock on the wall shows: milliseconds since local midnight. */
  readonly timeOfDay: (wallclock: Millis) => Millis;
  /** The time is in the picture for programs too. */
  readonly stamp?: boolean;
};

/** Frames from one IDR picture to the next: two seconds. */
const KEYFRAME_INTERVAL = 2 * FRAME_RATE;

/**
 * The demo's messages in the order of their time. Frames lie on a grid of whole seconds of the wall clock, so that the
 * picture of a full second is shown, and its beep heard, at that second.
 */
export class DemoSource {
  readonly #options: DemoSourceOptions;
  readonly #picture: DemoPicture;
  readonly #encoder = new H264Encoder();
  readonly #beep = new Beep();
  readonly #began: Millis;
  /** The next frames, counted from the Unix epoch. */
  #video: number;
  #audio: number;
  #untilKey = 0;

  constructor(options: DemoSourceOptions) {
    this.#options = options;
    this.#picture = new DemoPicture({ stamp: options.stamp });
    this.#video = firstFrame(options.startsAt, VIDEO_FRAME_MS);
    this.#began = this.#video * VIDEO_FRAME_MS;
    this.#audio = firstFrame(this.#began, AUDIO_FRAME_MS);
  }

  /** Wall clock of the next message. */
  get due(): Millis {
    return Math.min(this.#video * VIDEO_FRAME_MS, this.#audio * AUDIO_FRAME_MS);
  }

  /** What comes before all media: metadata and the configuration of both codecs. */
  headers(): DemoMessage[] {
    return [
      { type: 18, timestamp: 0, body: encodeAmf0("@setDataFrame", "onMetaData", METADATA) },
      {
        type: 9,
        timestamp: 0,
        body: encodeVideoTag({ type: "config", track: 0, codec: "avc1", record: this.#encoder.record }),
      },
      {
        type: 8,
        timestamp: 0,
        body: encodeAudioTag({ type: "config", track: 0, codec: "mp4a", record: AUDIO_SPECIFIC_CONFIG }),
      },
    ];
  }

  /** The next frame of video or audio. */
  next(): DemoMessage {
    const at = this.due;
    const timestamp = Math.round(at - this.#began);
    if (this.#video * VIDEO_FRAME_MS > at) {
      const data = this.#beep.frame(this.#audio++);
      return { type: 8, timestamp, body: encodeAudioTag({ type: "frames", track: 0, codec: "mp4a", nanos: 0, data }) };
    }
    this.#video++;
    // Rounding errors must not turn a full second into the millisecond before it.
    const picture = this.#picture.draw(Math.floor(this.#options.timeOfDay(at) + 0.01));
    const { key, data } = this.#encoder.encode(picture, this.#untilKey === 0);
    this.#untilKey = (key ? KEYFRAME_INTERVAL : this.#untilKey) - 1;
    const tag = { type: "frames", track: 0, codec: "avc1", key, compositionTime: 0, nanos: 0, data } as const;
    return { type: 9, timestamp, body: encodeVideoTag(tag) };
  }

  /** Leaves out what was due before `wallclock`; video goes on with a keyframe. */
  skipTo(wallclock: Millis): void {
    if (wallclock <= this.due) return;
    this.#video = Math.max(this.#video, firstFrame(wallclock, VIDEO_FRAME_MS));
    this.#audio = Math.max(this.#audio, firstFrame(wallclock, AUDIO_FRAME_MS));
    this.#untilKey = 0;
  }

  /** What says that no more video comes. */
  footer(): DemoMessage {
    const timestamp = Math.round(this.due - this.#began);
    return { type: 9, timestamp, body: encodeVideoTag({ type: "end", track: 0, codec: "avc1" }) };
  }
}

const VIDEO_FRAME_MS = 1000 / FRAME_RATE;
const AUDIO_FRAME_MS = (1000 * FRAME_SAMPLES) / SAMPLE_RATE;

const METADATA = new AmfEcmaArray({
  width: COLUMNS * CELL_SIZE,
  height: VISIBLE_ROWS * CELL_SIZE,
  framerate: FRAME_RATE,
  videocodecid: 7,
  videodatarate: 600,
  audiocodecid: 10,
  audiodatarate: 24,
  audiosamplerate: SAMPLE_RATE,
  audiosamplesize: 16,
  audiochannels: 1,
  stereo: false,
  encoder: "naru demo",
});

/** The first frame of a grid through the Unix epoch that does not begin before `wallclock`. */
function firstFrame(wallclock: Millis, frameMs: Millis): number {
  return Math.ceil(wallclock / frameMs - 1e-6);
}
