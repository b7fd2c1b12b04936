import { join, resolve } from "node:path";
import { flvAppendPoint } from "../gateways/files/append-point.ts";
import { RecordingWriter } from "../gateways/files/recording-writer.ts";
import type { Log } from "../log.ts";
import type { Millis } from "../media/time.ts";
import type { RecordConfig, RecorderConfig } from "../record/config.ts";
import { type RecordedFile, Recorder } from "../record/recorder.ts";
import type { Stream } from "../streams/stream.ts";

/** A file that a recorder begins. */
export type StartedRecording = {
  /** Path of the stream. */
  readonly stream: string;
  readonly recorder: string;
  /** Path of the file; it gets a number when there is one of this name that is neither replaced nor gone on with. */
  readonly file: string;
};

/** A file that a recorder has completed. */
export type Recording = RecordedFile & StartedRecording;

/** What became of a request to start or stop: path of the file that begins or ended; undefined when there was nothing to do. */
export type RecordControl = { readonly file: string | undefined };

export type RecordModuleOptions = {
  readonly log: Log;
  readonly wallclockAt: (now: Millis) => Millis;
  readonly onStarted?: (recording: StartedRecording) => void;
  readonly onDone?: (recording: Recording) => void;
};

type Attached = {
  readonly stream: Stream;
  readonly config: RecorderConfig;
  readonly recorder: Recorder;
  /** Path of the file that is being written, or was last. */
  file: string;
};

/** Gives streams their recorders. */
export class RecordModule {
  readonly #options: RecordModuleOptions;
  readonly #writers = new Set<RecordingWriter>();
  /** By stream and recorder. */
  readonly #recorders = new Map<string, Map<string, Attached>>();

  constructor(options: RecordModuleOptions) {
    this.#options = options;
  }

  /** Begins to record a stream with each recorder of its application. */
  attach(stream: Stream, config: RecordConfig, now: Millis): void {
    const recorders = new Map<string, Attached>();
    for (const [name, recorder] of Object.entries(config)) recorders.set(name, this.#attach(stream, name, recorder));
    if (recorders.size === 0) return;
    this.#recorders.set(stream.path, recorders);
    for (const { recorder } of recorders.values()) stream.attach(recorder.write, now);
  }

  /** The stream is gone. */
  detach(path: string): void {
    this.#recorders.delete(path);
  }

  /** Names of the recorders that are writing a file of the stream. */
  recording(path: string): readonly string[] {
    const recorders = this.#recorders.get(path);
    return recorders ? [...recorders].filter(([, { recorder }]) => recorder.isRecording).map(([name]) => name) : [];
  }

  /** Records a stream from its next keyframe on. Undefined when there is no such stream or recorder. */
  start(path: string, name: string, now: Millis): RecordControl | undefined {
    const attached = this.#recorders.get(path)?.get(name);
    if (!attached) return undefined;
    const file = attached.recorder.start(now);
    return { file: file === undefined ? undefined : pathOf(attached.config, file) };
  }

  /** Completes a stream's file. Undefined when there is no such stream or recorder. */
  stop(path: string, name: string): RecordControl | undefined {
    const attached = this.#recorders.get(path)?.get(name);
    if (!attached) return undefined;
    const { isRecording } = attached.recorder;
    attached.recorder.stop();
    return { file: isRecording ? attached.file : undefined };
  }

  /** Completes all files. */
  async close(): Promise<void> {
    for (const recorders of this.#recorders.values()) {
      for (const { recorder } of recorders.values()) recorder.stop("stream-ended");
    }
    await Promise.all([...this.#writers].map((writer) => writer.flush()));
  }

  #attach(stream: Stream, name: string, config: RecorderConfig): Attached {
    const { wallclockAt } = this.#options;
    const open = (file: string): RecordingWriter => this.#open(attached, name, file);
    const recorder = new Recorder({ config, name, path: stream.path, wallclockAt, open });
    const attached: Attached = { stream, config, recorder, file: "" };
    return attached;
  }

  #open(attached: Attached, recorder: string, name: string): RecordingWriter {
    const { log, onStarted, onDone } = this.#options;
    const { stream, config } = attached;
    const { path } = stream;
    const ending = endingOf(config);
    const file = (attached.file = pathOf(config, name));
    const append = config.append && config.format === "flv" ? flvAppendPoint(file) : undefined;
    const tell = (what: "Start" | "Stop"): void => {
      if (config.notify) stream.onAir?.notify(`NetStream.Record.${what}`, recorder);
    };
    const writer: RecordingWriter = new RecordingWriter({
      path: file.slice(0, file.length - ending.length),
      ending,
      overwrite: config.overwrite,
      append,
      onDone: (written, recorded) => {
        this.#writers.delete(writer);
        const { duration, bytes, reason } = recorded;
        log.info("recorded", { path, recorder, file: written, seconds: Math.round(duration), bytes, reason });
        tell("Stop");
        onDone?.({ ...recorded, stream: path, recorder, file: written });
      },
      onFailed: (written, reason) => {
        this.#writers.delete(writer);
        log.error("recording stopped; the stream goes on", { path, recorder, file: written, reason });
        tell("Stop");
        attached.recorder.stop("failed");
      },
    });
    this.#writers.add(writer);
    log.info("recording", { path, recorder, file });
    tell("Start");
    onStarted?.({ stream: path, recorder, file });
    return writer;
  }
}

function endingOf({ ending, format }: RecorderConfig): string {
  return ending ?? `.${format}`;
}

/** @param name as the recorder gives it */
function pathOf(config: RecorderConfig, name: string): string {
  return `${join(resolve(config.directory), name)}${endingOf(config)}`;
}
