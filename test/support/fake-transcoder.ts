/** Speaks as a transcoder does, and misbehaves on demand: the name of a rung that it is to start says how. */
import { getPriority } from "node:os";
import { FrameReader } from "../../src/media-process/frames.ts";
import { decodeToTranscoder, MessageWriter } from "../../src/transcode/message-codec.ts";
import { MAX_MESSAGE_BYTES } from "../../src/transcode/messages.ts";

const reader = new FrameReader(MAX_MESSAGE_BYTES);
const writer = new MessageWriter();
let count = 0;

function say(text: string): void {
  writer.fromTranscoder({ type: "log", level: "info", text });
  writer.lend((bytes) => process.stdout.write(bytes.slice()));
}

for await (const chunk of Bun.stdin.stream()) {
  for (const body of reader.push(chunk)) {
    count++;
    const message = decodeToTranscoder(body);
    if (message.type !== "startRung") continue;
    if (message.rung === "count") say(`${count} messages, nice ${getPriority()}`);
    if (message.rung === "babble") process.stdout.write("what is this?");
    if (message.rung === "die") {
      process.stderr.write("out of luck\n");
      process.exit(3);
    }
    if (message.rung === "sleep") {
      say("good night");
      await Bun.sleep(200);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    }
  }
}
