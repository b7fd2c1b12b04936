import { expect, test } from "bun:test";
import type { AppliedChange } from "../app/reload.ts";
import type { LoadedConfig } from "../config/load.ts";
import { ConfigError } from "../config/mistake.ts";
import { configSchema } from "../config/schema.ts";
import { createLog } from "../log.ts";
import { reloader } from "./reload.ts";
import { createStyle } from "./terminal.ts";

function bench(changes: readonly AppliedChange[] = []) {
  const lines: string[] = [];
  const loads: PromiseWithResolvers<void>[] = [];
  const state = { applied: 0, failure: undefined as Error | undefined };
  const config = configSchema.parse({ log: "debug" });
  const log = createLog(
    "info",
    (line) => lines.push(line.slice(25)),
    () => new Date(0),
  );
  const reload = reloader({
    log,
    io: { err: (text) => lines.push(text), style: createStyle(false) },
    server: {
      reload: async () => {
        state.applied++;
        return changes;
      },
    },
    load: async () => {
      const loading = Promise.withResolvers<void>();
      loads.push(loading);
      await loading.promise;
      if (state.failure) throw state.failure;
      return { config, notices: [] } as unknown as LoadedConfig;
    },
  });
  return { lines, loads, state, reload, log };
}

test("each change is a line, and the log has its new level", async () => {
  const b = bench([
    { setting: "log", effect: "applied", change: "info -> debug" },
    { setting: "rtmp.idleTimeout", effect: "new-connections" },
    { setting: "applications.a.hls.part", effect: "new-streams", running: 2 },
    { setting: "applications.a.hls.part", effect: "new-streams", running: 0 },
    { setting: "state", effect: "restart" },
  ]);
  const done = b.reload();
  b.loads[0]?.resolve();
  await done;
  expect(b.log.level).toBe("debug");
  expect(b.lines).toEqual([
    'INFO  configuration changed setting=log change="info -> debug"\n',
    "INFO  configuration changed, for connections from now on setting=rtmp.idleTimeout\n",
    "WARN  configuration changed; running streams keep what they have setting=applications.a.hls.part running=2\n",
    "INFO  configuration changed, for streams from now on setting=applications.a.hls.part\n",
    "WARN  configuration changed, but this needs a restart setting=state\n",
  ]);
});

test("a mistake is said in full, and nothing is applied", async () => {
  const b = bench();
  b.state.failure = new ConfigError([
    {
      code: "unknown-key",
      source: { from: "file", file: "naru.yaml", line: 3 },
      path: "bad",
      message: "unknown setting",
    },
  ]);
  const done = b.reload();
  b.loads[0]?.resolve();
  await done;
  expect(b.lines.join("")).toContain("naru.yaml:3  bad: unknown setting");
  expect(b.lines.at(-1)).toBe('ERROR configuration not reloaded, the old one stays reason="see above"\n');
  expect(b.state.applied).toBe(0);
});

test("calls during a reload make one more, not one each", async () => {
  const b = bench();
  const done = [b.reload(), b.reload(), b.reload()];
  b.loads[0]?.resolve();
  await Bun.sleep(0);
  b.loads[1]?.resolve();
  await Promise.all(done);
  expect(b.loads.length).toBe(2);
  expect(b.state.applied).toBe(2);
});
