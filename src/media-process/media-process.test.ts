import { expect, test } from "bun:test";
import { getPriority } from "node:os";
import { MediaProcess, type MediaProcessOptions, type ProcessExit } from "./media-process.ts";

function start(command: string[], more: Partial<MediaProcessOptions> = {}) {
  const data: Uint8Array[] = [];
  const lines: string[] = [];
  const exits: ProcessExit[] = [];
  const over = Promise.withResolvers<ProcessExit>();
  const process = new MediaProcess({
    command,
    nice: 5,
    onData: (bytes) => data.push(bytes),
    onLine: (line) => lines.push(line),
    onExit: (exit) => {
      exits.push(exit);
      over.resolve(exit);
    },
    ...more,
  });
  return { process, data, lines, exits, over: over.promise };
}

test("bytes go in and come out, lines are for the log", async () => {
  const { process, data, lines, over, exits } = start(["sh", "-c", "echo one >&2; cat; printf two >&2"]);
  const sent = new Uint8Array(1_000_000).map((_, index) => index % 251);
  for (let at = 0; at < sent.length; at += 10_000) process.write(sent.subarray(at, at + 10_000));
  while (process.pendingBytes > 0) await Bun.sleep(1);
  expect(getPriority(process.pid)).toBe(5);
  process.end();
  expect(await over).toEqual({ code: 0, signal: undefined, reason: "ended with exit code 0" });
  expect(new Uint8Array(Buffer.concat(data))).toEqual(sent);
  expect(lines).toEqual(["one", "two"]);
  process.write(sent);
  process.end();
  process.kill();
  await Bun.sleep(10);
  expect(process.pendingBytes).toBe(0);
  expect(exits).toHaveLength(1);
});

test("what is not read stays pending, and is said to be gone when it is", async () => {
  let drained = 0;
  const { process, over, data } = start(["sleep", "60"], { onDrain: () => drained++ });
  for (let n = 0; n < 30; n++) process.write(new Uint8Array(100_000));
  await Bun.sleep(30);
  expect(process.pendingBytes).toBeGreaterThan(1_000_000);
  expect(drained).toBe(0);
  process.kill();
  expect(await over).toMatchObject({ signal: "SIGKILL" });
  expect(process.pendingBytes).toBe(0);
  expect(data).toEqual([]);
});

test("a drain is told of", async () => {
  const drained = Promise.withResolvers<void>();
  const { process, over } = start(["sh", "-c", "sleep 0.1; cat > /dev/null"], { onDrain: drained.resolve });
  for (let n = 0; n < 30; n++) process.write(new Uint8Array(100_000));
  expect(process.pendingBytes).toBeGreaterThan(0);
  await drained.promise;
  expect(process.pendingBytes).toBe(0);
  process.end();
  await over;
});

test("one that does not end by itself is ended", async () => {
  const { process, over } = start(["sleep", "60"]);
  process.end(50);
  expect(await over).toMatchObject({ signal: "SIGKILL" });
});

test("one that cannot be started says so, later and once", async () => {
  const { process, over, exits } = start(["/nonexistent/program"]);
  expect(exits).toEqual([]);
  process.write(new Uint8Array(10));
  process.kill();
  process.end();
  expect((await over).reason).toStartWith("could not be started: ");
  expect(process.pid).toBeUndefined();
  expect(exits).toHaveLength(1);
});

test("one that fails says with what code", async () => {
  const { over } = start(["sh", "-c", "exit 3"]);
  expect(await over).toMatchObject({ code: 3, reason: "ended with exit code 3" });
});
