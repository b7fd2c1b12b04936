import { join, resolve } from "node:path";
import { RecordingWriter } from "../gateways/files/recording-writer.ts";
import type { Log } from "../log.ts";
import type { Millis } from "../media/time.ts";
import type { RecordConfig, RecorderConfig } from "../record/config.ts";
import { type RecordedFile, Recorder } from "../record/recorder.ts";
import type { Stream } from "../streams/stream.ts";

/** A file that a recorder has completed. */
export type Recording = RecordedFile & {
  /** Path of the stream. */
  readonly stream: string;
  readonly recorder: string;
  /** Path of the file. */
  readonly file: string;
};

export type RecordModuleOptions = {
  readonly log: Log;
  readonly wallclockAt: (now: Millis) => Millis;
  readonly onDone?: (recording: Recording) => void;
};

/** Gives streams their recorders. */
export class RecordModule {
  readonly #options: RecordModuleOptions;
  readonly #writers = new Set<RecordingWriter>();
  /** By stream and recorder. */
  readonly #recorders = new Map<string, Map<string, Recorder>>();

  constructor(options: RecordModuleOptions) {
    this.#options = options;
  }

  /** Begins to record a stream with each recorder of its application. */
  attach(stream: Stream, config: RecordConfig, now: Millis): void {
    const recorders = new Map<string, Recorder>();
    for (const [name, recorder] of Object.entries(config)) {
      recorders.set(name, this.#recorder(stream, name, recorder));
    }
    if (recorders.size === 0) return;
    this.#recorders.set(stream.path, recorders);
    for (const recorder of recorders.values()) stream.attach(recorder.write, now);
  }

  /** The stream is gone. */
  detach(path: string): void {
    this.#recorders.delete(path);
  }

  /** Names of the recorders that are writing a file of the stream. */
  recording(path: string): readonly string[] {
    const recorders = this.#recorders.get(path);
    return recorders ? [...recorders].filter(([, recorder]) => recorder.isRecording).map(([name]) => name) : [];
  }

  /** Completes all files. */
  async close(): Promise<void> {
    for (const recorders of this.#recorders.values()) {
      for (const recorder of recorders.values()) recorder.stop("stream-ended");
    }
    await Promise.all([...this.#writers].map((writer) => writer.flush()));
  }

  #recorder(stream: Stream, name: string, config: RecorderConfig): Recorder {
    const { wallclockAt } = this.#options;
    const { path } = stream;
    const recorder = new Recorder({
      config,
      name,
      path,
      wallclockAt,
      open: (file) => this.#open(path, name, config, file, () => recorder.stop("failed")),
    });
    return recorder;
  }

  #open(stream: string, recorder: string, config: RecorderConfig, file: string, stop: () => void): RecordingWriter {
    const { log, onDone } = this.#options;
    const writer: RecordingWriter = new RecordingWriter({
      path: join(resolve(config.directory), file),
      ending: config.ending ?? `.${config.format}`,
      overwrite: config.overwrite,
      onDone: (path, recorded) => {
        this.#writers.delete(writer);
        const { duration, bytes, reason } = recorded;
        log.info("recorded", { path: stream, recorder, file: path, seconds: Math.round(duration), bytes, reason });
        onDone?.({ ...recorded, stream, recorder, file: path });
      },
      onFailed: (path, reason) => {
        this.#writers.delete(writer);
        log.error("recording stopped; the stream goes on", { path: stream, recorder, file: path, reason });
        stop();
      },
    });
    this.#writers.add(writer);
    log.info("recording", { path: stream, recorder, file });
    return writer;
  }
}
