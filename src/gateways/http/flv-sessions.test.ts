import { afterEach, describe, expect, test } from "bun:test";
import { sampleVideo } from "../../../test/support/sample-tracks.ts";
import { createLog } from "../../log.ts";
import { playSchema } from "../../play/config.ts";
import { PlayFeeds } from "../../play/feeds.ts";
import { type Admission, ALLOW_ALL, type Verdict } from "../../streams/admission.ts";
import { backupSchema } from "../../streams/config.ts";
import { StreamRegistry } from "../../streams/registry.ts";
import { Sessions } from "../../streams/sessions.ts";
import { httpSchema } from "./config.ts";
import type { FlvDoor } from "./flv-door.ts";
import { FlvSessions } from "./flv-sessions.ts";
import { LocalFlvSource } from "./flv-source.ts";
import type { LocalSource } from "./local-source.ts";
import { RemoteSource } from "./remote-source.ts";
import { HttpService } from "./service.ts";
import { toServing } from "./serving.ts";
import { ThreadDesk } from "./thread-desk.ts";

type Verdicts = Verdict | Promise<Verdict>;

const now = () => performance.now();
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A server of two live streams, that decides as a test says; in the main thread, or asked by another one. */
async function start(verdict: Verdicts, threaded: boolean) {
  const policy = { live: true, secondPublisher: "refuse", graceMs: 0, backup: backupSchema.parse({}) } as const;
  const registry = new StreamRegistry({
    policy: () => policy,
    maxStreams: 10,
    onStream: (stream, at) => plays.attach(stream, at),
    onRemoved: () => {},
    onSinkFailure: () => {},
  });
  const config = playSchema.parse({});
  const plays = new PlayFeeds({
    find: (path) => registry.get(path),
    policy: (path) => (path.startsWith("live/") ? config : undefined),
    scheduler: { soon: queueMicrotask, later: (work) => setTimeout(work, 5) },
  });
  for (const name of ["a", "b"]) {
    const request = { path: `live/${name}`, protocol: "rtmp", remote: "", query: "", onClosed: () => {} };
    const publisher = registry.publish(request, now());
    publisher.write({ type: "tracks", tracks: [sampleVideo] }, now());
    const data = new Uint8Array(100);
    publisher.write({ type: "packet", track: 1, dts: 0, pts: 0, duration: 0, key: true, data }, now());
    closing.push(() => publisher.close("left", now()));
  }
  const asked: string[] = [];
  const told: string[] = [];
  const admission: Admission = {
    ...ALLOW_ALL,
    play: ({ protocol, address, flashVer }, { path, query }) => {
      asked.push(`${protocol} ${address} ${flashVer} ${path}?${query}`);
      return verdict;
    },
  };
  const sessions = new Sessions();
  sessions.observe({
    began: ({ target }) => told.push(`began ${target.path}`),
    ended: ({ target }, reason) => told.push(`ended ${target.path}: ${reason}`),
    disconnected: () => told.push("disconnected"),
  });
  const door: FlvDoor = new FlvSessions({ plays, sessions, admission, now });
  const local = new LocalFlvSource(plays, door, now);
  const flv = threaded ? inOtherThread(local) : local;
  const http = httpSchema.parse({ listen: ["127.0.0.1:0"] });
  const log = createLog(
    "error",
    () => {},
    () => new Date(0),
  );
  const source = { request: () => undefined };
  const service = new HttpService({ config: http, source, flv, seen: () => {}, isStream: () => false, log, now });
  await service.serve(toServing({ config: http }));
  closing.push(() => service.close());
  const { port } = service.addresses[0] ?? {};
  return { host: `127.0.0.1:${port}`, asked, told, sessions, flv };
}

/** As if by messages between threads. */
function inOtherThread(local: LocalFlvSource): RemoteSource {
  const remote: RemoteSource = new RemoteSource((message) => {
    queueMicrotask(() => {
      if (message.type === "enter") desk.enter(message);
      else if (message.type === "left") desk.left(message);
      else if (message.type === "counted") desk.counted(message);
      else if (message.type === "play") desk.play(message);
      else if (message.type === "leave") desk.leave(message.id);
    });
  });
  const nothing = {} as LocalSource;
  const desk = new ThreadDesk(nothing, (message) => queueMicrotask(() => remote.receive(message)), local);
  return remote;
}

async function until(condition: () => boolean): Promise<void> {
  for (const end = performance.now() + 5000; !condition(); await Bun.sleep(2)) {
    if (performance.now() > end) throw new Error("it did not come to pass");
  }
}

describe.each([
  ["in one thread", false],
  ["with serving threads", true],
] as const)("players of FLV, %s,", (_, threaded) => {
  test("are sessions, with what they were sent", async () => {
    const { host, asked, told, sessions, flv } = await start({ type: "allow" }, threaded);
    const stop = new AbortController();
    const headers = { "user-agent": "player" };
    const response = await fetch(`http://${host}/live/a.flv?token=x`, { headers, signal: stop.signal });
    expect(response.status).toBe(200);
    const reader = response.body?.getReader();
    const first = (await reader?.read())?.value;
    expect(asked).toEqual(["http-flv 127.0.0.1 player live/a?token=x"]);
    if (flv instanceof RemoteSource) {
      flv.count();
      await Bun.sleep(1);
    }
    expect(sessions.list.map((session) => session.stats().bytesOut)).toEqual([first?.length ?? 0]);
    stop.abort();
    await until(() => sessions.connections.length === 0);
    expect(told).toEqual(["began live/a", "ended live/a: the player closed the connection", "disconnected"]);
  });

  test.each([
    ["at once", (verdict: Verdict) => verdict],
    ["later", (verdict: Verdict) => Bun.sleep(20).then(() => verdict)],
  ] as const)("are refused with 403 and 4403, %s", async (_when, give) => {
    const { host, told } = await start(give({ type: "deny", reason: "not you" }), threaded);
    const response = await fetch(`http://${host}/live/a.flv`);
    expect([response.status, await response.text()]).toEqual([403, "not you\n"]);
    const socket = new WebSocket(`ws://${host}/live/a.flv`);
    const { code, reason } = await new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve));
    expect([code, reason]).toEqual([4403, "not you"]);
    expect(told).toEqual([]);
  });

  test("who leave before the answer were never there", async () => {
    let allow = (_: Verdict) => {};
    const verdict = new Promise<Verdict>((resolve) => (allow = resolve));
    const { host, asked, told } = await start(verdict, threaded);
    const stop = new AbortController();
    const response = fetch(`http://${host}/live/a.flv`, { signal: stop.signal }).catch(() => undefined);
    await until(() => asked.length === 1);
    stop.abort();
    await response;
    await Bun.sleep(30);
    allow({ type: "allow" });
    await Bun.sleep(10);
    expect(told).toEqual([]);
  });

  test("can be renamed, sent to another stream, and dropped", async () => {
    const { host, sessions, told } = await start({ type: "rename", name: "b" }, threaded);
    const response = await fetch(`http://${host}/live/a.flv`);
    const reader = response.body?.getReader();
    await reader?.read();
    sessions.list[0]?.redirect?.("a");
    const next = (await reader?.read())?.value ?? new Uint8Array();
    // The head of a file comes once.
    expect(next[0]).not.toBe(0x46);
    sessions.list[0]?.drop("enough");
    while (!(await reader?.read())?.done);
    expect(told).toEqual([
      "began live/b",
      "ended live/b: redirected to a",
      "began live/a",
      "ended live/a: enough",
      "disconnected",
    ]);
  });

  test("of what is not there are not asked about, and told so", async () => {
    const { host, asked } = await start({ type: "allow" }, threaded);
    expect((await fetch(`http://${host}/private/a.flv`)).status).toBe(404);
    expect(asked).toEqual([]);
    expect((await fetch(`http://${host}/live/none.flv`)).status).toBe(404);
  });
});
