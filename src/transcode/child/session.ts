import { MalformedError } from "../../bytes/errors.ts";
import { canCarry } from "../../formats/mp4/init.ts";
import { FrameClock } from "../../hls/frame-clock.ts";
import { chooseTracks, type MuxedTracks, sameTracks } from "../../hls/muxed-tracks.ts";
import type { FeedEvent, FeedStart, RungPosition } from "../../hls/rung-feed.ts";
import { selectTsTracks } from "../../hls/ts-tracks.ts";
import type { Packet } from "../../media/event.ts";
import { rescale, type Ticks } from "../../media/time.ts";
import type { AudioTrack, Track, VideoTrack } from "../../media/track.ts";
import type { MediaLibrary } from "../../media-process/library.ts";
import type { FromTranscoder, ToTranscoder, TranscoderSettings, TranscoderStatus } from "../messages.ts";
import type { Rung } from "../rung.ts";
import { PartsLeftOut } from "../segment-parts.ts";
import type { Frame } from "./decoder.ts";
import { FeedPosition } from "./feed-position.ts";
import type { FrameTimes } from "./frame-ledger.ts";
import { MediaFault } from "./media-fault.ts";
import { PictureSource } from "./picture-source.ts";
import { RungMaker, type RungSource } from "./rung-maker.ts";
import { ScaledPictures } from "./scaled-pictures.ts";
import { type SoundKey, Sounds, soundKey } from "./sounds.ts";

/** Events that wait until the feed has said where it begins, at most. */
const MAX_HELD = 10_000;
/** Each thread of a decoder holds a frame back. */
const MAX_DECODER_THREADS = 4;
/** Where nothing tells the frame rate. */
const USUAL_RATE = 30;

export type SessionOptions = {
  readonly av: MediaLibrary;
  /** Of the machine. */
  readonly cores: number;
  readonly send: (message: FromTranscoder) => void;
};

/** One stream's transcoder: takes its feed, decodes it once, and makes the rungs that are wanted. */
export class TranscodeSession {
  readonly #options: SessionOptions;
  readonly #pictures: PictureSource;
  readonly #scaled: ScaledPictures;
  readonly #sounds: Sounds;
  readonly #makers = new Map<string, RungMaker>();
  readonly #position = new FeedPosition();
  #settings: TranscoderSettings = { rungs: [] };
  /** The feed comes again. */
  #isRewound = false;
  /** What came before it was known where the feed begins. */
  #held: FeedEvent[] | undefined;
  #format: FeedStart["format"] = "cmaf";
  #video: VideoTrack | undefined;
  #audio: AudioTrack | undefined;
  #separateAudio = false;
  #clock: FrameClock | undefined;
  /** What rungs are made of, by what is done with the sound. */
  #sources = new Map<string, RungSource>();
  /** End of the latest cut, in ticks of the video. */
  #cutEnd: Ticks = Number.NEGATIVE_INFINITY;
  #timescale = 1;
  #fed = 0;
  #frames = 0;

  constructor(options: SessionOptions) {
    const { av, cores } = options;
    this.#options = options;
    this.#pictures = new PictureSource(av, {
      threads: Math.min(cores, MAX_DECODER_THREADS),
      onPicture: (frame, times) => this.#picture(frame, times),
    });
    this.#scaled = new ScaledPictures(av, 1);
    this.#sounds = new Sounds(
      av,
      (key, packet) => this.#sound(key, packet),
      (key, error) => this.#soundFailed(key, error),
    );
  }

  /** Takes what the server says. */
  receive(message: ToTranscoder): void {
    switch (message.type) {
      case "settings":
        this.#settings = message.settings;
        return;
      case "startRung":
        this.#startRung(message.rung, message.from);
        return;
      case "stopRung":
        this.#stopRung(message.rung);
        return;
      case "rewind":
        this.#isRewound = true;
        return;
      case "feed":
        this.#feed(message.event);
        return;
      default:
        message satisfies never;
    }
  }

  /** What has been done so far. */
  get progress(): Pick<TranscoderStatus, "fed" | "done" | "frames" | "decodeErrors"> {
    let done = this.#fed;
    for (const maker of this.#makers.values()) done = Math.min(done, maker.done ?? done);
    const decodeErrors = this.#pictures.errors + this.#sounds.errors;
    return { fed: this.#fed, done, frames: this.#frames, decodeErrors };
  }

  /** Frames that were encoded so far, by rung. */
  get rungFrames(): ReadonlyMap<string, number> {
    return new Map([...this.#makers].map(([name, { frames }]) => [name, frames]));
  }

  close(): void {
    for (const name of [...this.#makers.keys()]) this.#stopRung(name);
    this.#sounds.close();
    this.#pictures.close();
    this.#scaled.close();
  }

  #startRung(name: string, from: RungPosition | undefined): void {
    this.#stopRung(name);
    const rung = this.#settings.rungs.find((one) => one.name === name);
    if (rung) this.#makers.set(name, this.#newMaker(rung, from));
    else this.#fail(name, new MediaFault("it is not among the rungs of the settings"));
  }

  #stopRung(name: string): void {
    this.#makers.get(name)?.close();
    this.#makers.delete(name);
  }

  #newMaker(rung: Rung, from: RungPosition | undefined): RungMaker {
    const { av, send } = this.#options;
    const parts = new PartsLeftOut();
    const { name } = rung;
    return new RungMaker(av, {
      rung,
      from,
      threads: this.#settings.threads ?? 0,
      scaled: this.#scaled,
      sink: (made) => {
        const event = parts.write(made);
        if (event) send({ type: "rendition", rung: name, event });
      },
      onTracks: (tracks) => send({ type: "description", rung: name, tracks }),
    });
  }

  #feed(event: FeedEvent): void {
    if (event.type === "begin") this.#begin(event);
    else if (this.#held) this.#hold(this.#held, event);
    else this.#take(event);
  }

  #begin(event: FeedEvent & { readonly type: "begin" }): void {
    const isAgain = this.#isRewound;
    this.#isRewound = false;
    this.#held = [];
    this.#format = event.start.format;
    this.#position.note(event);
    this.#cutEnd = Number.NEGATIVE_INFINITY;
    this.#pictures.restart();
    this.#sounds.close();
    this.#sources.clear();
    for (const [name, maker] of [...this.#makers]) {
      if (maker.hasBegun && isAgain) continue;
      if (maker.hasBegun) this.#restart(name, maker);
      this.#makers.get(name)?.follow(event, this.#position);
    }
  }

  #restart(name: string, { rung }: RungMaker): void {
    this.#stopRung(name);
    this.#makers.set(name, this.#newMaker(rung, undefined));
  }

  /** The packets of the first part come before what says which part that is. */
  #hold(held: FeedEvent[], event: FeedEvent): void {
    held.push(event);
    if (event.type !== "open" && event.type !== "end" && held.length < MAX_HELD) return;
    this.#held = undefined;
    this.#position.note(event);
    for (const maker of this.#makers.values()) maker.locate(this.#position);
    for (const one of held) this.#take(one);
  }

  #take(event: FeedEvent): void {
    switch (event.type) {
      case "begin":
        return;
      case "tracks":
        this.#setTracks(event.tracks, event.separateAudio);
        return;
      case "packet":
        this.#packet(event);
        return;
      case "segment":
      case "part":
        this.#cutEnd = rescale(event.end, this.#timescale, this.#video?.timescale ?? this.#timescale);
        if (event.type === "segment") this.#pictures.cut(this.#cutEnd);
        break;
      case "open":
        this.#timescale = event.timescale;
        break;
      case "break":
        this.#attempt(() => this.#pictures.break());
        this.#sounds.drain();
        break;
      case "end":
        this.#attempt(() => this.#pictures.drain());
        this.#sounds.drain();
        break;
      default:
        event satisfies never;
    }
    this.#position.note(event);
    this.#eachMaker((maker) => {
      this.#inform(maker);
      maker.follow(event, this.#position);
    });
    this.#complete();
  }

  #setTracks(all: readonly Track[], separateAudio: boolean): void {
    const { video, audio } = leadTracks(all, this.#format);
    if (!sameTracks({ video }, { video: this.#pictures.track })) {
      this.#clock = undefined;
      this.#attempt(() => this.#pictures.setTrack(video));
    }
    if (video) this.#clock ??= new FrameClock(video.timescale, video.config.frameRate);
    if (!sameTracks({ audio }, { audio: this.#audio })) this.#sounds.close();
    this.#video = video;
    this.#audio = audio;
    this.#separateAudio = separateAudio;
    this.#sources.clear();
    this.#eachMaker((maker) => this.#inform(maker));
  }

  /** Tells a rung what it is made of, when it has come there. */
  #inform(maker: RungMaker): void {
    const { rung } = maker;
    const wanted = rung.kind === "video" && this.#separateAudio ? undefined : rung.audio;
    const key = soundKey(wanted);
    let source = this.#sources.get(key);
    if (!source) {
      const audio = this.#sounds.trackFor(wanted, this.#audio);
      source = { video: this.#video, audio, sound: key, frameRate: () => this.#frameRate() };
      this.#sources.set(key, source);
    }
    if (maker.source !== source && !maker.isReplaying(this.#position)) maker.setSource(source);
  }

  #packet(packet: Packet): void {
    const video = this.#video;
    if (packet.track === video?.id) {
      this.#fed = packet.dts / video.timescale;
      this.#clock?.observe(packet.dts);
      this.#attempt(() => this.#pictures.write(packet));
      this.#complete();
    } else if (packet.track === this.#audio?.id) {
      if (!video) this.#fed = packet.dts / this.#audio.timescale;
      this.#sounds.write(packet);
    }
  }

  #picture(frame: Frame, times: FrameTimes): void {
    this.#frames++;
    this.#scaled.set(frame);
    this.#eachMaker((maker) => maker.picture(frame, times));
  }

  #sound(key: SoundKey, packet: Packet): void {
    this.#eachMaker((maker) => {
      if (maker.source.sound === key) maker.sound(packet);
    });
  }

  #soundFailed(key: SoundKey, error: unknown): void {
    for (const [name, { source }] of this.#makers) if (source.sound === key) this.#fail(name, error);
  }

  /** Tells the rungs up to where they have all pictures: those that were cut off are under way, or encoded. */
  #complete(): void {
    const upTo = this.#pictures.next ?? this.#cutEnd;
    for (const maker of this.#makers.values()) maker.complete(upTo);
  }

  #frameRate(): number {
    const { duration } = this.#clock ?? {};
    return duration && this.#video ? this.#video.timescale / duration : USUAL_RATE;
  }

  /** What one rung cannot do, the others may. */
  #eachMaker(work: (maker: RungMaker) => void): void {
    for (const [name, maker] of this.#makers) {
      try {
        work(maker);
      } catch (error) {
        this.#fail(name, error);
      }
    }
  }

  /** Without the pictures of the source there is no rung with pictures. */
  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      for (const [name, { rung }] of this.#makers) if (rung.kind === "video") this.#fail(name, error);
    }
  }

  #fail(name: string, error: unknown): void {
    const isForeseen = error instanceof MediaFault || error instanceof MalformedError;
    if (!isForeseen) throw error;
    this.#stopRung(name);
    this.#options.send({ type: "rungFailed", rung: name, reason: error.message });
  }
}

/** The tracks that the lead rendition is made of. */
function leadTracks(all: readonly Track[], format: FeedStart["format"]): MuxedTracks {
  if (format === "cmaf") return chooseTracks(all, canCarry).tracks;
  const { tracks } = selectTsTracks(all);
  return {
    video: tracks.find((track) => track.kind === "video"),
    audio: tracks.find((track) => track.kind === "audio"),
  };
}
