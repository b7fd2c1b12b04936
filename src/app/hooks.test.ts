import { describe, expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configSchema } from "../config/schema.ts";
import type { HookEvent } from "../hooks/event.ts";
import type { Log } from "../log.ts";
import type { AdmissionTarget } from "../streams/admission.ts";
import type { Client } from "../streams/client.ts";
import { type Session, Sessions } from "../streams/sessions.ts";
import { HookModule } from "./hooks.ts";

const quiet = () => {};
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet } as unknown as Log;
const client: Client = {
  id: 1,
  protocol: "rtmp",
  address: "127.0.0.1",
  remote: "127.0.0.1:5000",
  port: 1935,
  connectedAt: 0,
  app: "live",
  flashVer: "",
  swfUrl: "",
  tcUrl: "",
  pageUrl: "",
};
const asked: AdmissionTarget = { path: "live/a", app: "live", name: "a", query: "k=1&x=2", args: "x=2" };

/** A server of sessions with hooks; `seen` is what a function was told. */
function world(input: (hook: (event: HookEvent) => unknown) => unknown) {
  const seen: HookEvent[] = [];
  const dropped: string[] = [];
  const sessions = new Sessions();
  const time = { now: 0 };
  let config = configSchema.parse(input((event) => void seen.push(event)));
  const hooks = new HookModule({
    log,
    now: () => time.now,
    sessions,
    config: () => config.hooks,
    applications: () => config.applications,
  });
  const begin = (kind: "publish" | "play", target = asked, of = client) => {
    const session: Session = {
      client: of,
      kind,
      target,
      since: time.now,
      stats: () => ({ bytesIn: 10, bytesOut: 20, dropped: 0, timestamp: 1234, avSync: 0 }),
      drop: (reason) => void dropped.push(reason),
      redirect: quiet,
    };
    return sessions.begin(session);
  };
  const told = async () => {
    await Bun.sleep(0);
    return seen.map(({ type }) => type);
  };
  const reload = (next: unknown) => {
    config = configSchema.parse(next);
  };
  return { hooks, sessions, seen, dropped, time, begin, told, reload };
}

const live = (hooks: unknown) => ({ applications: { live: { hooks } } });

describe("who is asked", () => {
  test("nobody: let in at once", () => {
    const { hooks } = world(() => ({}));
    expect(hooks.connect(client)).toEqual({ type: "allow" });
    expect(hooks.publish(client, asked)).toEqual({ type: "allow" });
    expect(hooks.play(client, asked, { start: -2000, duration: 0, reset: true })).toEqual({ type: "allow" });
  });

  test("those of the application and, of connections, of the server before; as they are now", async () => {
    const { hooks, told, reload } = world((hook) => ({
      hooks: { onConnect: hook },
      ...live({ onConnect: hook, onPublish: [hook, () => ({ deny: "no" }), hook] }),
    }));
    await hooks.connect(client);
    expect(await hooks.publish(client, asked)).toEqual({ type: "deny", reason: "no" });
    expect(await told()).toEqual(["connect", "connect", "publish"]);
    expect(hooks.publish(client, { ...asked, app: "other" })).toEqual({ type: "allow" });
    reload(live({}));
    expect(hooks.publish(client, asked)).toEqual({ type: "allow" });
  });

  test("the application that is called so at the port that the client came by", async () => {
    const deny = (reason: string) => ({ onConnect: () => ({ deny: reason }) });
    const { hooks } = world(() => ({
      applications: {
        live: { rtmp: { listen: [1935] }, hooks: deny("first") },
        "live@1936": { rtmp: { name: "live", listen: [1936] }, hooks: deny("second") },
      },
    }));
    expect(await hooks.connect(client)).toEqual({ type: "deny", reason: "first" });
    expect(await hooks.connect({ ...client, port: 1936 })).toEqual({ type: "deny", reason: "second" });
  });

  test("a function that throws, or answers nonsense, is a hook that failed", async () => {
    for (const hook of [
      () => {
        throw new Error("x");
      },
      () => 7,
    ]) {
      const closed = world(() => live({ onPublish: hook }));
      expect(await closed.hooks.publish(client, asked)).toMatchObject({ type: "deny" });
      const open = world(() => ({ ...live({ onPublish: hook }), hooks: { onFailure: "allow" } }));
      expect(await open.hooks.publish(client, asked)).toEqual({ type: "allow" });
    }
  });
});

describe("who is told", () => {
  test("of a session, under the name that was asked for and the one it has", async () => {
    const { hooks, seen, told, begin, time } = world((hook) =>
      live({ onPublishDone: hook, onDone: hook, onPlayDone: hook }),
    );
    await hooks.publish(client, asked);
    const end = begin("publish", { ...asked, path: "live/b", name: "b" });
    time.now = 2500;
    end("left");
    end("left");
    expect(await told()).toEqual(["publish_done", "done"]);
    expect(seen[0]).toMatchObject({
      path: "live/b",
      name: "b",
      askedName: "a",
      args: "x=2",
      seconds: 2.5,
      reason: "left",
    });
  });

  test("of a file, with who published it, also when that has left", async () => {
    const { hooks, seen, told, begin } = world((hook) => live({ onRecordDone: hook, onRecordStarted: hook }));
    void hooks.publish(client, asked);
    begin("publish")("left");
    const file = { stream: "live/a", recorder: "r", file: "/f" };
    hooks.recordStarted(file);
    hooks.recordDone({ ...file, duration: 3, bytes: 4, reason: "piece" });
    expect(await told()).toEqual(["record_started", "record_done"]);
    expect(seen[1]).toMatchObject({ client: { id: 1 }, name: "a", args: "x=2", file: "/f", seconds: 3, bytes: 4 });
  });

  test("of updates at their time; who is denied is closed, and with updateStrict who cannot be asked about", async () => {
    const fails = () => {
      throw new Error("x");
    };
    for (const [onUpdate, updateStrict, closed] of [
      [() => ({ deny: "enough" }), false, ["enough"]],
      [fails, false, []],
      [fails, true, ["the server cannot tell whether it is allowed"]],
      [() => ({ rename: "x" }), false, []],
      [() => ({ rename: "x" }), true, ["not allowed here"]],
    ] as const) {
      const { hooks, begin, dropped } = world(() => live({ onUpdate, updateStrict, updateEvery: "5s" }));
      begin("play");
      hooks.tick(4999);
      await Bun.sleep(0);
      expect(dropped).toEqual([]);
      hooks.tick(5000);
      await Bun.sleep(0);
      expect(dropped).toEqual([...closed]);
    }
  });

  test("of connections, when they end", async () => {
    const { sessions, told } = world((hook) => ({ hooks: { onDisconnect: hook } }));
    sessions.connect({ client, stats: () => ({ bytesIn: 0, bytesOut: 0 }), drop: quiet })();
    expect(await told()).toEqual(["disconnect"]);
  });

  test("programs of a deciding event that do not decide, when it is decided", async () => {
    const file = join(tmpdir(), `naru-hooks-${crypto.randomUUID()}`);
    const script = 'echo "\\$0 \\$1" >> "\\$FILE"';
    const command = { command: ["sh", "-c", script, "$name", "$addr"], env: ["PATH", `FILE=${file}`], wait: false };
    const ofFile = { ...command, command: ["sh", "-c", script, "$recorder", "$filename"] };
    const { hooks, begin } = world(() =>
      live({
        onPublish: [command, { ...command, stream: "other" }],
        onRecordDone: [
          { ...ofFile, recorder: "r" },
          { ...ofFile, recorder: "other" },
        ],
      }),
    );
    expect(hooks.publish(client, asked)).toEqual({ type: "allow" });
    begin("publish");
    hooks.recordDone({ stream: "live/a", recorder: "r", file: "/d/f.flv", duration: 3, bytes: 4, reason: "piece" });
    await hooks.close();
    const lines = (await Bun.file(file).text()).split("\n").sort();
    expect(lines).toEqual(["", "a 127.0.0.1", "r f.flv"]);
    await Bun.file(file).delete();
  });
});
