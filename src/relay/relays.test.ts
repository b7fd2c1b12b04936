import { describe, expect, test } from "bun:test";
import { silentLog } from "../log.ts";
import { playSchema } from "../play/config.ts";
import { backupSchema } from "../streams/config.ts";
import { StreamRegistry } from "../streams/registry.ts";
import { Sessions } from "../streams/sessions.ts";
import { pullSchema, pushSchema } from "./config.ts";
import { type RelayConfig, Relays } from "./relays.ts";
import { Trail } from "./trail.ts";

/** Nobody listens there. */
const NOWHERE = "rtmp://127.0.0.1:1";

class Bench {
  now = 1000;
  played = new Set<string>();
  applications: Record<string, RelayConfig> = {};
  readonly trail = new Trail("here");
  readonly registry: StreamRegistry = new StreamRegistry({
    policy: () => ({ live: true, secondPublisher: "refuse", graceMs: 1000, backup: backupSchema.parse({}) }),
    maxStreams: 10,
    onStream: (stream, now) => this.relays.attach(stream, now),
    onRemoved: ({ path }) => this.relays.detach(path),
    onSinkFailure: () => {},
  });
  readonly relays: Relays = new Relays({
    log: silentLog,
    clock: () => this.now,
    random: () => 0.5,
    agent: "test",
    sendTimeout: () => 60_000,
    application: (name) => this.applications[name],
    applications: () => Object.entries(this.applications),
    ingest: this.registry,
    find: (path) => this.registry.get(path),
    isPlayed: (path) => this.played.has(path),
    trail: this.trail,
    sessions: new Sessions(),
    scheduler: { soon: queueMicrotask, later: queueMicrotask },
  });

  set(name: string, { push = [], pull = [] }: { push?: unknown[]; pull?: unknown[] }): void {
    const relays = { push: pushSchema.parse(push), pull: pullSchema.parse(pull), play: playSchema.parse({}) };
    this.applications = { ...this.applications, [name]: relays };
    this.relays.reload();
  }

  publish(path: string) {
    const request = { path, protocol: "test", remote: "", query: "", onClosed: () => {} };
    return this.registry.publish(request, this.now);
  }

  pass(ms: number): void {
    this.now += ms;
    this.registry.tick(this.now);
    this.relays.tick(this.now);
  }

  /** `push stream target`, sorted. */
  get list(): string[] {
    return this.relays
      .list(this.now)
      .map(({ direction, stream, target }) => `${direction} ${stream} ${target}`)
      .sort();
  }
}

describe("pulls", () => {
  test("begin when somebody asks, and end when nobody has for a while", () => {
    const bench = new Bench();
    bench.set("live", { pull: [`${NOWHERE}/live`] });
    expect(bench.relays.awaits("live/x")).toBe(true);
    expect(bench.relays.awaits("other/x")).toBe(false);
    bench.relays.wanted("live/x", bench.now);
    bench.relays.wanted("other/x", bench.now);
    bench.pass(9000);
    expect(bench.list).toEqual([`pull live/x ${NOWHERE}/live`]);
    bench.played.add("live/x");
    bench.pass(60_000);
    bench.played.clear();
    bench.pass(9999);
    expect(bench.list.length).toBe(1);
    bench.pass(1);
    expect(bench.list).toEqual([]);
  });

  test("do not begin for what has an encoder, nor for a loop", () => {
    const bench = new Bench();
    bench.set("live", { pull: [`${NOWHERE}/live`] });
    bench.publish("live/x");
    bench.relays.wanted("live/x", bench.now);
    bench.relays.wanted("live/y", bench.now, bench.trail.next("live/y", []));
    expect(bench.list).toEqual([]);
  });

  test("are bounded in number", () => {
    const bench = new Bench();
    bench.set("live", { pull: [`${NOWHERE}/live`] });
    for (let n = 0; n < 600; n++) bench.relays.wanted(`live/${n}`, bench.now);
    expect(bench.list.length).toBe(500);
    bench.relays.close();
    expect(bench.list).toEqual([]);
  });

  test("that are wanted always begin with the configuration and end with it", () => {
    const bench = new Bench();
    bench.set("live", { pull: [{ url: `${NOWHERE}/a`, stream: "x", always: true }] });
    bench.pass(100_000);
    expect(bench.list).toEqual([`pull live/x ${NOWHERE}/a`]);
    bench.set("live", { pull: [{ url: `${NOWHERE}/b`, stream: "x", always: true }] });
    expect(bench.list).toEqual([`pull live/x ${NOWHERE}/b`]);
    bench.set("live", {});
    expect(bench.list).toEqual([]);
  });
});

describe("pushes", () => {
  test("are of the streams that are meant, and follow the configuration", () => {
    const bench = new Bench();
    bench.set("live", { push: [`${NOWHERE}/a`, { url: `${NOWHERE}/b`, stream: "cam*" }] });
    bench.publish("live/x");
    bench.publish("live/cam1");
    const all = [`push live/cam1 ${NOWHERE}/a`, `push live/cam1 ${NOWHERE}/b`, `push live/x ${NOWHERE}/a`];
    expect(bench.list).toEqual(all);
    bench.set("live", { push: [`${NOWHERE}/c`] });
    expect(bench.list).toEqual([`push live/cam1 ${NOWHERE}/c`, `push live/x ${NOWHERE}/c`]);
  });

  test("end with their stream", () => {
    const bench = new Bench();
    bench.set("live", { push: [`${NOWHERE}/a`] });
    const publisher = bench.publish("live/x");
    publisher.close("left", bench.now);
    bench.pass(500);
    expect(bench.list.length).toBe(1);
    bench.pass(500);
    expect(bench.list).toEqual([]);
  });

  test("of a redirected publish end with that", () => {
    const bench = new Bench();
    bench.set("live", {});
    bench.relays.pushTo("live/x", `${NOWHERE}/a`);
    const publisher = bench.publish("live/x");
    bench.pass(200);
    expect(bench.list).toEqual([`push live/x ${NOWHERE}/a`]);
    publisher.close("left", bench.now);
    bench.pass(200);
    expect(bench.list).toEqual([]);
    bench.publish("live/x");
    expect(bench.list).toEqual([]);
  });

  test("of a publish that never began are forgotten", () => {
    const bench = new Bench();
    bench.set("live", {});
    bench.relays.pushTo("live/x", `${NOWHERE}/a`);
    bench.pass(29_000);
    expect(bench.list.length).toBe(1);
    bench.pass(1000);
    expect(bench.list).toEqual([]);
  });
});
