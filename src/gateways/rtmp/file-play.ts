import type { FlvMessage } from "../../formats/flv/muxer.ts";
import { TagType } from "../../formats/flv/tag.ts";
import type { Log } from "../../log.ts";
import type { MediaEvent } from "../../media/event.ts";
import type { Millis } from "../../media/time.ts";
import { PlayChunks } from "../../protocols/rtmp/play-chunks.ts";
import { type AdmissionTarget, type PlayRange, renamed } from "../../streams/admission.ts";
import type { Client } from "../../streams/client.ts";
import type { Session, Sessions } from "../../streams/sessions.ts";
import { FileMessages } from "../../vod/file-messages.ts";
import type { PlayedFile } from "../../vod/file-source.ts";
import type { Outbox } from "./outbox.ts";
import type { Counters } from "./publish.ts";

export type FilePlayOptions = {
  readonly file: PlayedFile;
  readonly range: PlayRange;
  readonly client: Client;
  readonly target: AdmissionTarget;
  readonly streamId: number;
  readonly chunkSize: number;
  /** What it can play besides H.264, AAC and MP3; undefined when it does not say. */
  readonly fourCcs: readonly string[] | undefined;
  /** How much the player keeps, as it says. */
  readonly bufferLength: () => Millis | undefined;
  readonly outbox: Outbox;
  readonly sessions: Sessions;
  readonly counters: Counters;
  readonly log: Log;
  readonly clock: () => Millis;
  /** Media from the place that was asked for follows. */
  readonly onSought: () => void;
  /** All has been sent, up to this time of the file. */
  readonly onComplete: (time: Millis) => void;
  /** The file cannot be read on. */
  readonly onFailed: (error: unknown) => void;
  readonly drop: (reason: string) => void;
  readonly redirect: (target: AdmissionTarget) => void;
};

/** What is handed to the socket in one go. */
const MAX_WRITE = 64 << 10;

/** One play of a file: sends it at the pace of its times, ahead of them by what the player keeps, and never more than it takes. */
export class FilePlay {
  readonly #options: FilePlayOptions;
  readonly #messages: FileMessages;
  readonly #form: PlayChunks;
  readonly #since: Millis;
  readonly #sentBefore: number;
  readonly #wanted = { audio: true, video: true };
  readonly #until: Millis;
  #endSession: ((reason: string) => void) | undefined;
  /** What has been read and not been sent. */
  #waiting: readonly FlvMessage[] = [];
  #waitingTime: Millis = 0;
  /** A time of the file, and when it was due. */
  #anchor: { readonly time: Millis; readonly at: Millis } | undefined;
  /** What is being read. */
  #pending: Promise<readonly MediaEvent[] | undefined> | undefined;
  #seekTo: Millis | undefined;
  #isFirstSeek = true;
  #busy = false;
  #paused = false;
  #complete = false;
  #ended = false;
  #time: Millis = 0;
  readonly #times = { audio: 0, video: 0 };

  constructor(options: FilePlayOptions) {
    this.#options = options;
    const { file, fourCcs, chunkSize, streamId, clock, outbox, range } = options;
    this.#since = clock();
    this.#sentBefore = outbox.sent;
    this.#messages = new FileMessages({
      accepts: (fourCc) => fourCcs === undefined || fourCcs.includes("*") || fourCcs.includes(fourCc),
      duration: file.media.duration,
    });
    this.#form = new PlayChunks({ chunkSize, streamId, interleave: false });
    this.#seekTo = Math.max(0, range.start);
    this.#until = range.duration > 0 ? this.#seekTo + range.duration : Number.POSITIVE_INFINITY;
  }

  start(): void {
    const { client, file, sessions } = this.#options;
    this.#log("play of a file started", { file: file.name, player: client.flashVer || undefined });
    this.#endSession = sessions.begin(this.#session());
    this.#go();
  }

  /** Called often. */
  tick(): void {
    this.#go();
  }

  /** All that waited has been sent. */
  drained(): void {
    this.#go();
  }

  /** Goes on at the last keyframe that is not later. */
  seek(time: Millis): void {
    this.#options.outbox.drop(this);
    this.#seekTo = Math.max(0, time);
    this.#go();
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    this.#anchor = undefined;
    this.#go();
  }

  want(kind: "audio" | "video", wanted: boolean): void {
    this.#wanted[kind] = wanted;
  }

  /** Harmless when called twice. */
  end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    const { outbox, clock, file } = this.#options;
    outbox.drop(this);
    file.close();
    const seconds = ((clock() - this.#since) / 1000).toFixed(1);
    this.#log("play ended", { reason, seconds, bytes: outbox.sent - this.#sentBefore });
    this.#endSession?.(reason);
  }

  #go(): void {
    if (this.#busy || this.#ended) return;
    this.#busy = true;
    this.#work()
      .catch((error: unknown) => {
        if (!this.#ended) this.#options.onFailed(error);
      })
      .finally(() => {
        this.#busy = false;
      });
  }

  async #work(): Promise<void> {
    const { outbox, file } = this.#options;
    while (!this.#ended) {
      if (this.#seekTo !== undefined) await this.#seek(this.#seekTo);
      else if (this.#paused || this.#complete || !outbox.isEmpty) return;
      else if (this.#waiting.length > 0) {
        if (!this.#isDue()) return;
        this.#sendDue();
      } else {
        const read = this.#pending ?? file.run(file.media.next());
        this.#pending = undefined;
        const events = read instanceof Promise ? await read : read;
        if (this.#ended) return;
        if (!events) this.#finish();
        else this.#take(events);
      }
    }
  }

  async #seek(time: Millis): Promise<void> {
    const { file, onSought } = this.#options;
    if (this.#pending) this.#take((await this.#pending) ?? []);
    this.#pending = undefined;
    this.#waiting = [];
    // From the beginning there is nothing to look for.
    if (time > 0 || !this.#isFirstSeek) await file.run(file.media.seek(time));
    if (this.#ended || this.#seekTo !== time) return;
    this.#seekTo = undefined;
    this.#complete = false;
    this.#anchor = undefined;
    this.#messages.restart();
    if (!this.#isFirstSeek) onSought();
    this.#isFirstSeek = false;
  }

  #take(events: readonly MediaEvent[]): void {
    const messages: FlvMessage[] = [];
    for (const event of events) {
      this.#waitingTime = this.#messages.timeOf(event) ?? this.#waitingTime;
      this.#messages.push(event, messages);
    }
    if (this.#seekTo === undefined) this.#waiting = messages;
    if (this.#waitingTime > this.#until) this.#finish();
  }

  #isDue(): boolean {
    const { clock, bufferLength, file } = this.#options;
    const now = clock();
    this.#anchor ??= { time: this.#waitingTime, at: now };
    const { time, at } = this.#anchor;
    return this.#waitingTime - time <= now - at + (bufferLength() ?? file.buffer);
  }

  /** Sends what waits, and what is due after it as far as it is at hand. */
  #sendDue(): void {
    const { outbox, file } = this.#options;
    outbox.cork();
    for (let bytes = 0; bytes < MAX_WRITE; ) {
      for (const message of this.#waiting) bytes += this.#send(message);
      this.#waiting = [];
      const read = file.run(file.media.next());
      if (read instanceof Promise) {
        // The work goes on with it when it has come.
        this.#pending = read;
        break;
      }
      if (!read) {
        outbox.flush();
        this.#finish();
        return;
      }
      this.#take(read);
      if (this.#complete || (this.#waiting.length > 0 && !this.#isDue())) break;
    }
    outbox.flush();
  }

  #send(message: FlvMessage): number {
    const { type, time } = message;
    if (type === TagType.audio ? !this.#wanted.audio : type === TagType.video && !this.#wanted.video) return 0;
    if (type !== TagType.script) {
      this.#time = time;
      this.#times[type === TagType.audio ? "audio" : "video"] = time;
    }
    const bytes = this.#form.first(message, 0);
    this.#options.outbox.offer(bytes, this, Number.POSITIVE_INFINITY);
    return bytes.length;
  }

  #finish(): void {
    this.#waiting = [];
    this.#complete = true;
    this.#options.onComplete(this.#time);
  }

  #session(): Session {
    const { client, target, counters, drop, redirect } = this.#options;
    const before = counters();
    return {
      client,
      kind: "play",
      target,
      since: this.#since,
      stats: () => {
        const { bytesIn, bytesOut } = counters();
        const { audio, video } = this.#times;
        const avSync = audio > 0 && video > 0 ? audio - video : 0;
        const sent = { bytesIn: bytesIn - before.bytesIn, bytesOut: bytesOut - before.bytesOut };
        return { ...sent, dropped: 0, timestamp: this.#time, avSync };
      },
      drop,
      redirect: (name) => {
        if (!this.#ended && name !== target.name) redirect(renamed(target, name));
      },
    };
  }

  #log(message: string, more?: Readonly<Record<string, string | number | undefined>>): void {
    const { log, client, target } = this.#options;
    log.info(message, { path: target.path, remote: client.remote, ...more });
  }
}
