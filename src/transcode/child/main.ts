import { availableParallelism } from "node:os";
import { FrameReader } from "../../media-process/frames.ts";
import { loadMediaLibrary } from "../../media-process/library.ts";
import { decodeToTranscoder, MessageWriter } from "../message-codec.ts";
import { MAX_MESSAGE_BYTES } from "../messages.ts";
import { libraryName } from "./library-name.ts";
import { TranscodeSession } from "./session.ts";
import { StatusMeter } from "./status-meter.ts";

/** How often the server is told how it goes; it takes silence for a hang. */
const STATUS_MS = 500;

/** Does what the server says on standard input, and answers on standard output, until the input ends. */
export async function runTranscoder(): Promise<void> {
  const av = await loadMediaLibrary();
  if (!av) throw new Error("the media library node-av is not installed");
  av.Log.setLevel(av.AV_LOG_FATAL);
  const out = Bun.stdout.writer();
  const writer = new MessageWriter();
  const send = writer.fromTranscoder.bind(writer);
  const session = new TranscodeSession({ av, cores: availableParallelism(), send });
  const meter = new StatusMeter(performance.now());
  const flush = async () => {
    if (writer.length > 0) writer.lend((bytes) => out.write(bytes));
    await out.flush();
  };
  let toldAt = performance.now();
  const tell = () => {
    const now = performance.now();
    if (now - toldAt < STATUS_MS) return;
    toldAt = now;
    const status = meter.measure(session.progress, session.rungFrames, process.memoryUsage.rss(), now);
    send({ type: "status", status });
  };
  const timer = setInterval(() => {
    tell();
    void flush();
  }, STATUS_MS / 2);
  send({ type: "ready", library: libraryName(av) });
  await flush();
  const reader = new FrameReader(MAX_MESSAGE_BYTES);
  for await (const chunk of Bun.stdin.stream()) {
    for (const body of reader.push(chunk)) {
      const start = performance.now();
      session.receive(decodeToTranscoder(body));
      meter.worked(performance.now() - start);
      // The timer may not get its turn while there is always more to read.
      tell();
      // Who does not read what is made gets no more.
      if (writer.length > 0) await flush();
    }
  }
  clearInterval(timer);
  session.close();
  await flush();
  process.exit(0);
}
