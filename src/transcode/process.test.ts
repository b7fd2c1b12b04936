import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { silentLog } from "../log.ts";
import type { FromTranscoder } from "./messages.ts";
import { spawnTranscoder } from "./process.ts";

/** A process that answers a status with the count of messages it got, and does as the names of rungs say. */
const FAKE = join(import.meta.dir, "../../test/support/fake-transcoder.ts");

function spawn(command: readonly string[] = [process.execPath, FAKE]) {
  const messages: FromTranscoder[] = [];
  const waiting = new Set<() => void>();
  let exit: string | undefined;
  const wake = () => {
    for (const look of waiting) look();
  };
  const child = spawnTranscoder({
    command,
    nice: 5,
    path: "live/test",
    log: silentLog,
    now: () => performance.now(),
    onMessage: (_, message) => {
      messages.push(message);
      wake();
    },
    onExit: (_, reason) => {
      exit = reason;
      wake();
    },
  });
  const until = (found: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!found()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return { child, messages, until, exit: () => exit };
}

const order = (child: ReturnType<typeof spawnTranscoder>, rung: string): void => {
  child.send({ type: "startRung", rung });
  child.flush();
};

describe("a transcoder's process", () => {
  test("is spoken with through pipes, in batches, and ends when its input does", async () => {
    const { child, messages, until, exit } = spawn();
    for (let count = 0; count < 100; count++) child.send({ type: "stopRung", rung: "any" });
    order(child, "count");
    await until(() => messages.length > 0);
    expect(messages).toEqual([{ type: "log", level: "info", text: "101 messages, nice 5" }]);
    child.end();
    await until(() => exit() !== undefined);
    expect(exit()).toBe("ended with exit code 0");
  }, 20_000);

  test("what it said last tells why it ended", async () => {
    const { child, until, exit } = spawn();
    order(child, "die");
    await until(() => exit() !== undefined);
    expect(exit()).toBe("ended with exit code 3: out of luck");
  }, 20_000);

  test("one that does not speak the language is killed", async () => {
    const { child, until, exit } = spawn();
    order(child, "babble");
    await until(() => exit() !== undefined);
    expect(exit()).toContain("it does not speak as it should");
  }, 20_000);

  test("one that does not read is seen to, and can be killed", async () => {
    const { child, messages, until, exit } = spawn();
    order(child, "sleep");
    await until(() => messages.length > 0);
    const data = new Uint8Array(1_000_000);
    for (let count = 0; count < 10; count++) {
      const packet = { type: "packet", track: 1, dts: 0, pts: 0, duration: 0, key: true, data } as const;
      child.send({ type: "feed", event: packet });
      child.flush();
    }
    expect(child.pendingBytes).toBeGreaterThan(5_000_000);
    child.kill();
    await until(() => exit() !== undefined);
    expect(exit()).toContain("SIGKILL");
    expect(child.pendingBytes).toBe(0);
  }, 20_000);

  test("one that cannot be started says so", async () => {
    const { until, exit } = spawn(["/nonexistent/naru"]);
    await until(() => exit() !== undefined);
    expect(exit()).toContain("could not be started");
  }, 20_000);
});
