import { encodeFrame, FrameReader } from "../media-process/frames.ts";
import { MediaProcess } from "../media-process/media-process.ts";
import { MAX_MESSAGE } from "./messages.ts";
import type { PictureWorker, WorkerEvents } from "./picture-queue.ts";

/** Pictures are for when there is nothing better to do. */
const NICE = 10;
/** Of what it wrote to its log, for the reason of its end. */
const KEPT = 300;

/** Starts the process that makes pictures. @param command naru's own hidden sub-command `picture-worker` */
export function startPictureProcess(command: readonly string[], events: WorkerEvents): PictureWorker {
  const reader = new FrameReader(MAX_MESSAGE);
  let said = "";
  const process = new MediaProcess({
    command,
    nice: NICE,
    onData(bytes) {
      try {
        for (const message of reader.push(bytes)) events.result(message);
      } catch (error) {
        said = `it wrote what is no message: ${error instanceof Error ? error.message : String(error)}`;
        process.kill();
      }
    },
    onLine: (line) => {
      said ||= line.slice(0, KEPT);
    },
    onExit: ({ reason }) => events.exited(said ? `${reason}: ${said}` : reason),
  });
  return {
    write: (job) => process.write(encodeFrame(job)),
    end: () => process.end(),
    kill: () => process.kill(),
  };
}
