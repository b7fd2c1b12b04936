import type { RungDescription } from "../hls/rung-feed.ts";
import type { Log } from "../log.ts";
import type { MediaEvent } from "../media/event.ts";
import type { Millis } from "../media/time.ts";
import type { AbrConfig } from "./config.ts";
import { describeRung, type Encoders, planLadder } from "./ladder.ts";
import type { LadderSource } from "./ladder-source.ts";
import { MeasuredSource } from "./measured-source.ts";
import type { Overload } from "./overload.ts";
import type { Rung } from "./rung.ts";
import { type RungOutput, Transcoder, type TranscoderProcess } from "./transcoder.ts";
import { wishedRungs } from "./wished-rungs.ts";

/** The stream's HLS output, as its ladder needs it. */
export interface LadderOutput extends RungOutput {
  announceRungs(rungs: readonly RungDescription[]): void;
}

export type StreamLadderOptions = {
  readonly path: string;
  readonly config: AbrConfig;
  readonly output: LadderOutput;
  /** Undefined while it is not known what the machine has; `none`: nothing can be encoded. */
  readonly encoders: () => Encoders | "none" | undefined;
  readonly spawn: (transcoder: Transcoder) => TranscoderProcess;
  readonly overload: Overload;
  readonly log: Log;
};

/** The rungs of one stream: decided when its tracks are known, and again when they change. */
export class StreamLadder {
  readonly #options: StreamLadderOptions;
  readonly #measured: MeasuredSource;
  #source: LadderSource | undefined;
  #rungs: readonly Rung[] = [];
  #transcoder: Transcoder | undefined;
  #said = "";

  constructor(options: StreamLadderOptions) {
    this.#options = options;
    this.#measured = new MeasuredSource(options.path);
  }

  /** Whether something is being made now. */
  get making(): readonly string[] {
    return this.#transcoder?.making ?? [];
  }

  /** A `MediaSink`. */
  readonly write = (event: MediaEvent, now: Millis): void => {
    this.#measured.write(event);
    if (this.#measured.source !== this.#source) this.#decide(now);
  };

  wanted(name: string, now: Millis): void {
    this.#transcoder?.wanted(name, now);
  }

  tick(now: Millis): void {
    if (this.#measured.source !== this.#source) this.#decide(now);
    this.#transcoder?.tick(now);
  }

  /** The stream is over. */
  close(): void {
    this.#transcoder?.close();
    this.#transcoder = undefined;
  }

  #decide(now: Millis): void {
    const { encoders: find, output } = this.#options;
    const { source, audio } = this.#measured;
    const encoders = find();
    if (!source || encoders === undefined) return;
    this.#source = source;
    const rungs = this.#plan(source, encoders);
    if (isSame(rungs, this.#rungs)) return;
    const before = this.#rungs;
    const making = new Set(this.making);
    this.close();
    // What has changed does not go on from what it was.
    for (const rung of before) {
      const isKept = rungs.some((other) => isSame(other, rung));
      if (!isKept) output.dropRung(rung.name);
    }
    this.#rungs = rungs;
    output.announceRungs(
      rungs.map((rung) => ({
        ...describeRung(rung, source),
        ...(isUntouched(rung) && audio && { of: { audio: audio.id } }),
      })),
    );
    const encoded = rungs.filter((rung) => !isUntouched(rung));
    if (encoded.length === 0) return;
    this.#transcoder = new Transcoder(this.#options, encoded, now);
    for (const { name } of encoded) if (making.has(name)) this.#transcoder.wanted(name, now);
  }

  #plan(source: LadderSource, encoders: Encoders | "none"): readonly Rung[] {
    const { config, log, path } = this.#options;
    try {
      const wished = wishedRungs(config, source);
      if (!wished) return this.#none("the configuration wants none");
      const isAble = encoders !== "none";
      const options = { rungs: wished, audioOnly: config.audioOnly, ...(isAble && { encoders }) };
      const ladder = planLadder(source, options);
      if ("reason" in ladder) return this.#none(ladder.reason);
      const rungs = isAble ? ladder.rungs : ladder.rungs.filter(isUntouched);
      if (rungs.length === 0) return this.#none("the media library is missing");
      this.#say(rungs.map(({ name }) => name).join(" "), () =>
        log.info("further qualities are offered", { path, rungs: rungs.map(({ name }) => name).join(" ") }),
      );
      for (const reason of ladder.leftOut) log.warn("a rung is left out", { path, reason });
      return rungs;
    } catch (error) {
      // A function of the user's.
      return this.#none(`deciding the rungs failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #none(reason: string): readonly Rung[] {
    this.#say(reason, () => this.#options.log.warn("no further qualities", { path: this.#options.path, reason }));
    return [];
  }

  /** Once, until it is something else. */
  #say(what: string, line: () => void): void {
    if (what === this.#said) return;
    this.#said = what;
    line();
  }
}

/** Rungs are plain values, made by one function. */
const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Made of the source's packets as they are, without a process. */
const isUntouched = (rung: Rung): boolean => rung.kind === "audio" && rung.audio.codec === "copy";
