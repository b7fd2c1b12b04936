import { MalformedError } from "../bytes/errors.ts";
import type { Log } from "../log.ts";
import type { Millis } from "../media/time.ts";
import { FrameReader } from "../media-process/frames.ts";
import { MediaProcess } from "../media-process/media-process.ts";
import { decodeFromTranscoder, MessageWriter } from "./message-codec.ts";
import { type FromTranscoder, MAX_MESSAGE_BYTES, type ToTranscoder, TRANSCODER_ENV } from "./messages.ts";
import type { TranscoderProcess } from "./transcoder.ts";

export type SpawnOptions = {
  /** Starts naru as a transcoder. */
  readonly command: readonly string[];
  readonly nice: number;
  readonly path: string;
  readonly log: Log;
  readonly now: () => Millis;
  readonly onMessage: (process: TranscoderProcess, message: FromTranscoder, now: Millis) => void;
  /** Once, behind its last message; not when it was asked to end. */
  readonly onExit: (process: TranscoderProcess, reason: string, now: Millis) => void;
};

/** Lines of its error output that are shown of one process: what fails may say so for each frame. */
const MAX_LINES = 50;

/** Starts a process that makes rungs, and speaks with it through pipes. */
export function spawnTranscoder(options: SpawnOptions): TranscoderProcess {
  const { command, nice, path, log, now } = options;
  const reader = new FrameReader(MAX_MESSAGE_BYTES);
  const writer = new MessageWriter();
  let lines = 0;
  let lastLine = "";
  const child = new MediaProcess({
    command,
    nice,
    env: TRANSCODER_ENV,
    onData: (bytes) => {
      try {
        for (const body of reader.push(bytes)) options.onMessage(process, decodeFromTranscoder(body), now());
      } catch (error) {
        if (!(error instanceof MalformedError)) throw error;
        lastLine = `it does not speak as it should: ${error.message}`;
        child.kill();
      }
    },
    onLine: (line) => {
      lastLine = line;
      if (++lines <= MAX_LINES) log.debug(`transcoder: ${line}`, { path });
    },
    onExit: ({ reason }) => options.onExit(process, lastLine === "" ? reason : `${reason}: ${lastLine}`, now()),
  });
  const process: TranscoderProcess = {
    send: (message: ToTranscoder) => writer.toTranscoder(message),
    flush: () => {
      if (writer.length > 0) writer.lend((bytes) => child.write(bytes));
    },
    get pendingBytes() {
      return child.pendingBytes;
    },
    end: () => {
      process.flush();
      child.end();
    },
    kill: () => child.kill(),
  };
  return process;
}
