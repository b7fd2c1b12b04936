import { encodeFrame, FrameReader } from "../../media-process/frames.ts";
import { loadMediaLibrary } from "../../media-process/library.ts";
import { decodeJob, encodeResult, MAX_MESSAGE, type PictureJob, type PictureResult } from "../messages.ts";
import { work } from "./work.ts";

/** Takes jobs from stdin and writes results to stdout until there are no more; what is wrong goes to stderr. */
export async function makePictures(): Promise<void> {
  const av = await loadMediaLibrary();
  if (!av) throw new Error("the media library is not installed");
  // A stream's faults are the stream's, and its results say so.
  av.Log.setLevel(av.AV_LOG_QUIET);
  const reader = new FrameReader(MAX_MESSAGE);
  const output = Bun.stdout.writer();
  const answer = (job: PictureJob): PictureResult => {
    try {
      const done = work(av, job);
      const base = { id: job.id, cpu: cpuMs() };
      return "picture" in done ? { ...base, type: "picture", ...done } : { ...base, type: "samples", ...done };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { id: job.id, cpu: cpuMs(), type: "failed", reason };
    }
  };
  for await (const chunk of Bun.stdin.stream()) {
    for (const message of reader.push(chunk)) {
      output.write(encodeFrame(encodeResult(answer(decodeJob(message)))));
      await output.flush();
    }
  }
}

/** Of all its threads, since it started. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
