import { describe, expect, test } from "bun:test";
import { avcRecords } from "../../../test/support/codec-samples.ts";
import { concat, RtmpScript, testCrypto } from "../../../test/support/rtmp-script.ts";
import { sampleVideo } from "../../../test/support/sample-tracks.ts";
import { createLog } from "../../log.ts";
import { playSchema } from "../../play/config.ts";
import { PlayFeeds } from "../../play/feeds.ts";
import { RtmpServerSession } from "../../protocols/rtmp/server-session.ts";
import { type Admission, ALLOW_ALL, type Redirection, type Verdict } from "../../streams/admission.ts";
import { backupSchema } from "../../streams/config.ts";
import { StreamRegistry } from "../../streams/registry.ts";
import { Sessions } from "../../streams/sessions.ts";
import { rtmpSchema } from "./config.ts";
import { RtmpConnection } from "./connection.ts";

type Asked = { readonly what: string; answer(verdict: Verdict): Promise<void> };
const ALLOW: Verdict = { type: "allow" };

/** One connection in virtual time, whose admission is asked and answers when a test says. */
class Bench {
  now = 0;
  readonly asked: Asked[] = [];
  readonly told: string[] = [];
  readonly redirected: Redirection[] = [];
  readonly sessions = new Sessions();
  readonly script = new RtmpScript();
  readonly registry: StreamRegistry;
  readonly connection: RtmpConnection;
  ended: "shutdown" | "terminated" | undefined;
  #sent: Uint8Array[] = [];

  /** @param wait which questions a test answers; the others are allowed at once */
  constructor(wait: readonly ("connect" | "publish" | "play")[] = [], canRedirect = true) {
    const policy = { live: true, secondPublisher: "refuse", graceMs: 0, backup: backupSchema.parse({}) } as const;
    this.registry = new StreamRegistry({
      policy: () => policy,
      maxStreams: 10,
      onStream: (stream, now) => plays.attach(stream, now),
      onRemoved: () => {},
      onSinkFailure: () => {},
    });
    const config = playSchema.parse({});
    const plays = new PlayFeeds({
      find: (path) => this.registry.get(path),
      policy: () => config,
      scheduler: { soon: (work) => work(), later: (work) => work() },
    });
    this.sessions.observe({
      connected: ({ client }) => this.told.push(`connected ${client.app}`),
      disconnected: () => this.told.push("disconnected"),
      began: ({ kind, target }) => this.told.push(`${kind} ${target.path}`),
      ended: ({ kind, target }, reason) => this.told.push(`${kind} ${target.path} ended: ${reason}`),
    });
    const clock = () => this.now;
    const rtmp = rtmpSchema.parse({ pingInterval: 0 });
    const ask = (kind: (typeof wait)[number], what: string) => (wait.includes(kind) ? this.#ask(what) : ALLOW);
    const admission: Admission = {
      connect: ({ app, flashVer, query }) => ask("connect", `connect ${app}?${query} ${flashVer}`),
      publish: (_, { path, query, args, publishType }) =>
        ask("publish", `publish ${path}?${query} ${args} ${publishType}`),
      play: (_, { path }, range) => ask("play", `play ${path} ${JSON.stringify(Object.values(range))}`),
    };
    this.connection = new RtmpConnection({
      socket: {
        write: (bytes) => this.#sent.push(bytes) && bytes.length,
        shutdown: () => (this.ended = "shutdown"),
        terminate: () => (this.ended = "terminated"),
      },
      session: new RtmpServerSession(rtmp, testCrypto, 0),
      ingest: this.registry,
      plays,
      chunkSize: rtmp.chunkSize,
      sendTimeout: rtmp.sendTimeout,
      log: createLog(
        "error",
        (line) => this.told.push(line),
        () => new Date(0),
      ),
      clock,
      remote: "10.0.0.1:5",
      client: { id: 1, protocol: "rtmp", address: "10.0.0.1", port: 1935 },
      applicationOf: (name) => (name === "closed" ? undefined : name === "called" ? "live@2" : name),
      sessions: this.sessions,
      admission: wait.length > 0 ? admission : ALLOW_ALL,
      ...(canRedirect && { redirect: (redirection) => void this.redirected.push(redirection) }),
    });
  }

  send(...parts: Uint8Array[]): this {
    this.connection.receive(concat(parts));
    return this;
  }

  tick(now: number): void {
    this.now = now;
    this.connection.tick(now);
  }

  /** Codes and names of what was sent since the last call. */
  get said(): string[] {
    return this.script.readCommands(concat(this.#sent.splice(0))).map(({ name, args }) => {
      const { code } = (args[0] ?? {}) as { code?: string };
      return code && name !== "_result" ? `${name} ${code.replace(/^NetStream\./, "")}` : name;
    });
  }

  /** Of the video messages that were sent since the last call. */
  get videoTimes(): number[] {
    const messages = this.script.read(concat(this.#sent.splice(0)));
    return messages.flatMap(({ type, timestamp }) => (type === 9 ? [timestamp] : []));
  }

  /** What was asked since the last call. */
  get questions(): string[] {
    return this.asked.map(({ what }) => what);
  }

  async answer(verdict: Verdict, index = 0): Promise<void> {
    await this.asked[index]?.answer(verdict);
  }

  command(name: string, ...args: Parameters<RtmpScript["command"]>[3][]): Uint8Array {
    return this.script.command(1, name, 4, null, ...args);
  }

  media(time: number, ...body: number[]): Uint8Array {
    return this.script.message(9, 1, time, Uint8Array.from(body));
  }

  #ask(what: string): Promise<Verdict> {
    return new Promise((resolve) => {
      const answer = async (verdict: Verdict) => {
        resolve(verdict);
        await Promise.resolve();
        await Promise.resolve();
      };
      this.asked.push({ what, answer });
    });
  }
}

const HEAD = [0x17, 0, 0, 0, 0, ...Uint8Array.fromHex(avcRecords[0]?.hex ?? "")];
const KEY = [0x17, 1, 0, 0, 0, 0, 0, 0, 2, 0x65, 1];

describe("connect", () => {
  test("is not answered before it is allowed, and what came meanwhile follows", async () => {
    const bench = new Bench(["connect"]);
    const { script } = bench;
    const connect = script.connect({ app: "live?key=1", flashVer: "enc" });
    bench.send(script.handshake(), connect, script.command(0, "createStream", 2, null));
    expect(bench.questions).toEqual(["connect live?key=1 enc"]);
    bench.tick(60_000);
    expect([bench.said, bench.told, bench.ended]).toEqual([[], [], undefined]);
    await bench.answer(ALLOW);
    expect(bench.said).toEqual(["_result", "_result"]);
    expect(bench.told).toEqual(["connected live"]);
    bench.tick(69_999);
    expect(bench.ended).toBeUndefined();
    bench.tick(70_000);
    expect(bench.ended).toBe("shutdown");
  });

  test("that is denied says why, and the connection ends", async () => {
    const bench = new Bench(["connect"]);
    bench.send(bench.script.publish());
    await bench.answer({ type: "deny", reason: "no" });
    expect(bench.said).toEqual(["_error NetConnection.Connect.Rejected"]);
    expect([bench.ended, bench.told]).toEqual(["shutdown", []]);
  });

  test("can be sent to another application, or server", async () => {
    const renamed = new Bench(["connect"]);
    renamed.send(renamed.script.publish());
    await renamed.answer({ type: "rename", name: "other" });
    expect(renamed.told).toEqual(["connected other", "publish other/key"]);
    const sent = new Bench(["connect"]);
    sent.send(sent.script.publish());
    await sent.answer({ type: "redirect", url: "rtmp://elsewhere/live" });
    expect(sent.said).toEqual(["_error NetConnection.Connect.Rejected"]);
  });

  test("who sends too much before the answer is closed, and the answer changes nothing", async () => {
    const bench = new Bench(["connect"]);
    bench.send(bench.script.handshake(), bench.script.connect());
    for (let n = 0; n < 600; n++) bench.send(bench.script.message(9, 1, n, Uint8Array.of(1)));
    expect(bench.ended).toBe("shutdown");
    await bench.answer(ALLOW);
    expect([bench.said, bench.told]).toEqual([[], []]);
  });

  test("who leaves before the answer was never there", async () => {
    const bench = new Bench(["connect"]);
    bench.send(bench.script.publish());
    bench.connection.closed();
    await bench.answer(ALLOW);
    expect([bench.said, bench.told]).toEqual([[], []]);
  });
});

describe("publish", () => {
  test("is not answered before it is allowed; its media follows", async () => {
    const bench = new Bench(["publish"]);
    bench.send(bench.script.publish("key?a=b"), bench.media(0, ...HEAD), bench.media(0, ...KEY));
    expect(bench.questions).toEqual(["publish live/key?a=b a=b live"]);
    expect(bench.said).toEqual(["_result", "_result"]);
    bench.tick(20_000);
    await bench.answer(ALLOW);
    expect(bench.said).toEqual(["onStatus Publish.Start"]);
    // It has no audio.
    bench.send(bench.media(2000, ...KEY));
    expect(bench.registry.get("live/key")?.tracks[0]?.kind).toBe("video");
    const [session] = bench.sessions.list;
    expect(session).toMatchObject({ kind: "publish", since: 20_000 });
    expect(session?.stats()).toMatchObject({ timestamp: 2000, avSync: 0, dropped: 0 });
    expect(session?.stats().bytesIn).toBeGreaterThan(KEY.length);
    bench.connection.closed();
    const ended = "publish live/key ended: the encoder closed the connection";
    expect(bench.told).toEqual(["connected live", "publish live/key", ended, "disconnected"]);
  });

  test.each([
    [{ type: "deny", reason: "no" }, ["onStatus Publish.Denied"], []],
    [{ type: "rename", name: "x" }, ["onStatus Publish.Start"], ["publish live/x"]],
    [{ type: "rename", name: "../x" }, ["onStatus Publish.BadName"], []],
    [{ type: "redirect", url: "rtmp://b/c" }, ["onStatus Publish.Start"], ["publish live/key"]],
    [{ type: "redirect", url: "rtmp://b/c", name: "d" }, ["onStatus Publish.Start"], ["publish live/d"]],
  ] as const)("answered with %j: %j", async (verdict, said, told) => {
    const bench = new Bench(["publish"]);
    bench.send(bench.script.publish());
    expect(bench.said).toEqual(["_result", "_result"]);
    await bench.answer(verdict);
    expect(bench.said).toEqual([...said]);
    expect(bench.told).toEqual(["connected live", ...told]);
    const url = verdict.type === "redirect" ? [verdict.url] : [];
    expect(bench.redirected.map((one) => one.url)).toEqual(url);
  });

  test.each([
    ["called", ["onStatus Publish.Start"], ["connected called", "publish live@2/key"]],
    ["closed", ["onStatus Publish.BadName"], ["connected closed"]],
  ])("means the application that is called so here: %s", (app, said, told) => {
    const bench = new Bench();
    const { script } = bench;
    bench.send(script.handshake(), script.connect({ app }), bench.command("publish", "key", "live"));
    expect([bench.said.slice(1), bench.told]).toEqual([said, told]);
  });

  test("whose name is taken is not sent on: it is the stream of another", async () => {
    const bench = new Bench(["publish"]);
    bench.registry.publish({ path: "live/key", protocol: "rtmp", remote: "", query: "", onClosed: () => {} }, 0);
    bench.send(bench.script.publish());
    await bench.answer({ type: "redirect", url: "rtmp://b/c" });
    expect(bench.said.at(-1)).toBe("onStatus Publish.BadName");
    expect(bench.redirected).toEqual([]);
  });

  test("that is sent on where nobody can is refused", async () => {
    const bench = new Bench(["publish"], false);
    bench.send(bench.script.publish());
    await bench.answer({ type: "redirect", url: "rtmp://b/c" });
    expect(bench.said).toEqual(["_result", "_result", "onStatus Publish.Denied"]);
  });

  test("taken back and asked for again: only the last answer counts", async () => {
    const bench = new Bench(["publish"]);
    bench.send(bench.script.publish("a"));
    bench.send(bench.script.command(0, "deleteStream", 5, null, 1), bench.command("publish", "b", "live"));
    expect(bench.questions).toEqual(["publish live/a? ", "publish live/b? "].map((text) => `${text} live`));
    void bench.said;
    await bench.answer(ALLOW, 0);
    expect([bench.said, bench.told]).toEqual([[], ["connected live"]]);
    await bench.answer(ALLOW, 1);
    expect([bench.said, bench.told]).toEqual([["onStatus Publish.Start"], ["connected live", "publish live/b"]]);
  });

  test("all in one go: what is taken back at once is not asked about", () => {
    const bench = new Bench(["publish"]);
    const { script } = bench;
    const deleted = script.command(0, "deleteStream", 5, null, 1);
    bench.send(script.publish("a"), deleted, bench.command("publish", "b", "live"));
    expect(bench.questions).toEqual(["publish live/b?  live"]);
  });

  test("who leaves, or falls silent, before the answer was never there", async () => {
    for (const leave of [(one: Bench) => one.connection.closed(), (one: Bench) => one.tick(60_000)]) {
      const bench = new Bench(["publish"]);
      bench.send(bench.script.publish(), bench.media(0, ...HEAD));
      leave(bench);
      await bench.answer(ALLOW);
      expect(bench.told.filter((line) => line.startsWith("publish"))).toEqual([]);
      expect(bench.registry.list()).toEqual([]);
    }
  });

  test("can go on under another name, with its configuration, and be dropped", () => {
    const bench = new Bench();
    bench.send(bench.script.publish(), bench.media(0, ...HEAD), bench.media(0, ...KEY), bench.media(2000, ...KEY));
    bench.sessions.list[0]?.redirect?.("other");
    bench.send(bench.media(2040, ...KEY));
    expect(bench.registry.get("live/other")?.tracks[0]?.kind).toBe("video");
    expect(bench.registry.get("live/other")?.cache.packets.length).toBe(1);
    expect(bench.ended).toBeUndefined();
    void bench.said;
    bench.sessions.list[0]?.drop("enough");
    expect(bench.said).toEqual(["onStatus Publish.Denied"]);
    expect(bench.ended).toBe("shutdown");
    expect(bench.told).toEqual([
      "connected live",
      "publish live/key",
      "publish live/key ended: redirected to other",
      "publish live/other",
      "publish live/other ended: enough",
    ]);
  });

  test("stays what it is where its new name is taken", () => {
    const bench = new Bench();
    const request = { path: "live/taken", protocol: "rtmp", remote: "", query: "", onClosed: () => {} };
    bench.registry.publish(request, 0);
    bench.send(bench.script.publish());
    bench.sessions.list[0]?.redirect?.("taken");
    expect(bench.sessions.list.map(({ target }) => target.path)).toEqual(["live/key"]);
  });
});

describe("play", () => {
  const playing = (bench: Bench) =>
    bench.send(bench.script.handshake(), bench.script.connect(), bench.command("play", "key", -2000, 0, true));

  test("is not answered before it is allowed; what the player asked for meanwhile follows", async () => {
    const bench = new Bench(["play"]);
    playing(bench).send(bench.command("pause", true, 0));
    expect(bench.questions).toEqual(["play live/key [-2000,0,true]"]);
    expect(bench.said).toEqual(["_result"]);
    bench.tick(60_000);
    await bench.answer(ALLOW);
    expect(bench.said).toEqual(["onStatus Play.Reset", "onStatus Play.Start", "onStatus Pause.Notify"]);
    expect(bench.told).toEqual(["connected live", "play live/key"]);
  });

  test.each([
    [{ type: "deny", reason: "no" }, ["onStatus Play.Failed"], []],
    [{ type: "rename", name: "x" }, ["onStatus Play.Reset", "onStatus Play.Start"], ["play live/x"]],
    [{ type: "redirect", url: "rtmp://b/c" }, ["onStatus Play.Reset", "onStatus Play.Start"], ["play live/key"]],
  ] as const)("answered with %j: %j", async (verdict, said, told) => {
    const bench = new Bench(["play"]);
    playing(bench);
    void bench.said;
    await bench.answer(verdict);
    expect(bench.said).toEqual([...said]);
    expect(bench.told).toEqual(["connected live", ...told]);
  });

  test("stopped, or left, before the answer never was", async () => {
    const stop = (one: Bench) => void one.send(one.script.command(0, "deleteStream", 5, null, 1));
    for (const leave of [stop, (one: Bench) => one.connection.closed()]) {
      const bench = new Bench(["play"]);
      playing(bench);
      leave(bench);
      await bench.answer(ALLOW);
      expect(bench.told.filter((line) => line.startsWith("play"))).toEqual([]);
    }
  });

  test("of another stream goes on where it was", () => {
    const bench = new Bench();
    for (const name of ["key", "other"]) {
      const request = { path: `live/${name}`, protocol: "rtmp", remote: "", query: "", onClosed: () => {} };
      const publisher = bench.registry.publish(request, 0);
      publisher.write({ type: "tracks", tracks: [sampleVideo] }, 0);
      for (const [index, key] of [true, false, false].entries()) {
        const dts = index * 90_000;
        publisher.write({ type: "packet", track: 1, dts, pts: dts, duration: 0, key, data: Uint8Array.of(1) }, 0);
      }
    }
    playing(bench);
    expect(bench.videoTimes).toEqual([0, 0, 1000, 2000]);
    bench.sessions.list[0]?.redirect?.("other");
    expect(bench.videoTimes).toEqual([2100, 2100, 3100, 4100]);
    expect(bench.sessions.list[0]?.stats().timestamp).toBe(4100);
  });

  test("can go on with another stream, and be dropped", () => {
    const bench = new Bench();
    playing(bench);
    bench.sessions.list[0]?.redirect?.("other");
    expect(bench.said).toEqual(["_result", ...Array(2).fill(["onStatus Play.Reset", "onStatus Play.Start"]).flat()]);
    expect(bench.sessions.list.map(({ target }) => target.path)).toEqual(["live/other"]);
    bench.sessions.connections[0]?.drop("enough");
    expect(bench.ended).toBe("shutdown");
    expect(bench.told.slice(1)).toEqual([
      "play live/key",
      "play live/key ended: redirected to other",
      "play live/other",
      "play live/other ended: enough",
    ]);
  });
});
