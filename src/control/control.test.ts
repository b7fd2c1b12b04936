import { beforeEach, describe, expect, test } from "bun:test";
import { type Session, type SessionStats, Sessions } from "../streams/sessions.ts";
import { createApi, normaliseApiPath } from "./api.ts";
import { obey } from "./orders.ts";
import { readStat } from "./stat.ts";
import { formatStatJson } from "./stat-json.ts";
import { formatStatXml } from "./stat-xml.ts";
import { TrafficMeter } from "./traffic.ts";
import type { RecordOutcome, World } from "./world.ts";

let sessions: Sessions;
let traffic: TrafficMeter;
let now: number;
/** What was done to whom. */
let done: string[];
/** By path and recorder: what start and stop say. */
let recorders: Map<string, RecordOutcome>;

beforeEach(() => {
  sessions = new Sessions();
  traffic = new TrafficMeter(sessions);
  sessions.observe(traffic.observer);
  now = 10_000;
  done = [];
  recorders = new Map();
});

const world = (): World => ({
  version: "1.2.3",
  pid: 7,
  startedAt: 1000,
  now: () => now,
  sessions,
  servers: () => [
    [
      { key: "live", name: "live", live: true, files: false },
      { key: "vod", name: "vod", live: false, files: true },
    ],
    [{ key: "live@1936", name: "live", live: true, files: false }],
  ],
  stream: () => undefined,
  recorders: {
    recording: () => [],
    start: (path, recorder) => recorders.get(`${path} ${recorder}`),
    stop: (path, recorder) => recorders.get(`${path} ${recorder}`),
  },
  relays: () => [
    {
      direction: "push",
      stream: "live/a",
      target: "rtmp://a/***",
      state: "running",
      forMs: 1,
      attempts: 1,
      bytes: 2,
      stalledMs: 0,
      dropped: 0,
    },
  ],
});

type Given = {
  readonly bytesIn?: number;
  readonly bytesOut?: number;
  readonly address?: string;
  readonly flashVer?: string;
  readonly relay?: boolean;
};

/** Enters somebody, and returns how to change its counters and how it ends. */
function enter(kind: Session["kind"], path: string, given: Given = {}) {
  const { address = "10.0.0.1", flashVer = "", relay = false, ...bytes } = given;
  const [app = "", name = ""] = path.split("/");
  let stats: SessionStats = { bytesIn: 0, bytesOut: 0, dropped: 3, timestamp: 1234.6, avSync: -7.2, ...bytes };
  const client = {
    id: relay ? sessions.nextRelayId() : sessions.nextClientId(),
    protocol: "rtmp" as const,
    address,
    remote: `${address}:1`,
    port: 1935,
    connectedAt: 8000,
    app,
    flashVer,
    swfUrl: "",
    tcUrl: "",
    pageUrl: "",
    isRelay: relay,
  };
  const leave = sessions.connect({ client, stats: () => stats, drop: () => {} });
  const end = sessions.begin({
    client,
    kind,
    target: { path, app, name, query: "secret=1" },
    since: 9000,
    stats: () => stats,
    drop: () => done.push(`drop ${client.id}`),
    ...(relay ? {} : { redirect: (to: string) => done.push(`redirect ${client.id} ${to}`) }),
  });
  return {
    count: (next: Partial<SessionStats>) => {
      stats = { ...stats, ...next };
    },
    end: () => {
      end("");
      leave();
    },
  };
}

describe("traffic", () => {
  test("of the server and of a stream, with those who have left", () => {
    const publisher = enter("publish", "live/a", { bytesIn: 1000, bytesOut: 50 });
    const player = enter("play", "live/a", { bytesIn: 20, bytesOut: 500 });
    traffic.sample(0);
    publisher.count({ bytesIn: 2000 });
    player.count({ bytesOut: 1500 });
    player.end();
    traffic.sample(2000);
    expect(traffic.ofStream("live/a")).toEqual({ bytesIn: 2000, bytesOut: 1500, bitsIn: 4000, bitsOut: 4000 });
    expect(traffic.server).toEqual({ bytesIn: 2020, bytesOut: 1550, bitsIn: 4000, bitsOut: 4000 });
    publisher.end();
    expect(traffic.ofStream("live/a")).toEqual({ bytesIn: 0, bytesOut: 0, bitsIn: 0, bitsOut: 0 });
    expect(traffic.server).toMatchObject({ bytesIn: 2020, bytesOut: 1550 });
    traffic.sample(4000);
    expect(traffic.server).toMatchObject({ bitsIn: 0, bitsOut: 0 });
  });
});

describe("statistics", () => {
  test("say who is there, the latest first, in the application and server where they are", () => {
    enter("publish", "live/a", { flashVer: `<"&'\u0001` });
    enter("play", "live/a");
    enter("play", "live@1936/b");
    enter("play", "vod/film");
    const stat = readStat(world(), traffic);
    const xml = formatStatXml(stat, ["all"], 'a"b.xsl');
    expect(xml).toContain('href="a&#34;b.xsl"');
    expect(xml).toContain(
      "<client><id>2</id><address>10.0.0.1</address><time>2000</time>" +
        "<dropped>3</dropped><avsync>-7</avsync><timestamp>1235</timestamp><active/></client>\n<client><id>1</id>",
    );
    expect(xml).toContain("<flashver>&#60;&#34;&#38;'\ufffd</flashver>");
    expect(xml).toContain("<uptime>9</uptime>\n<naccepted>4</naccepted>");
    expect(xml.match(/<play>[\s\S]*<\/play>/)?.[0]).toContain("<name>film</name>");
    expect(xml.match(/<server>/g)).toHaveLength(2);
    expect(xml.match(/<nclients>\d+/g)).toEqual([
      "<nclients>2",
      "<nclients>2",
      "<nclients>1",
      "<nclients>1",
      "<nclients>1",
      "<nclients>1",
    ]);
    expect(JSON.parse(formatStatJson(stat, ["all"]))["http-flv"].servers[0].applications[0]).toMatchObject({
      name: "live",
      live: { nclients: 2, streams: [{ name: "a", publishing: true, clients: [{ id: 2 }, { id: 1 }] }] },
    });
    for (const text of [xml, formatStatJson(stat, ["all"])]) expect(text).not.toContain("secret");
  });

  test.each([
    [["global"], false, false, false],
    [["clients"], false, false, false],
    [["live"], true, false, false],
    [["live", "clients"], true, true, false],
    [["all"], true, true, true],
  ] as const)("%j", (show, live, clients, play) => {
    enter("publish", "live/a");
    const xml = formatStatXml(readStat(world(), traffic), show, "");
    const has = ["<live>", "<client>", "<play>"].map((text) => xml.includes(text));
    expect(has).toEqual([live, clients, play]);
    expect(xml).not.toContain("stylesheet");
  });
});

describe("orders", () => {
  beforeEach(() => {
    enter("publish", "live/a");
    enter("play", "live/a", { address: "10.0.0.2" });
    enter("play", "live/a+b");
    enter("play", "live@1936/a");
  });

  test.each([
    ["drop/client", "app=live", "3", ["drop 1", "drop 2", "drop 3"]],
    ["drop/client", "", "3", ["drop 1", "drop 2", "drop 3"]],
    ["drop/publisher", "app=live&name=a", "1", ["drop 1"]],
    ["drop/subscriber", "app=live&name=a", "1", ["drop 2"]],
    ["drop/subscriber", "app=live&name=a+b", "1", ["drop 3"]],
    ["drop/subscriber", "app=live&name=a%2Bb", "1", ["drop 3"]],
    ["drop/client", "addr=10.0.0.2", "1", ["drop 2"]],
    ["drop/client", "clientid=1", "1", ["drop 1"]],
    ["drop/client", "srv=1&app=live", "1", ["drop 4"]],
    ["drop/client", "app=constructor", "0", []],
    ["redirect/subscriber", "name=a&newname=b", "1", ["redirect 2 b"]],
    ["redirect/subscriber", "name=nobody", "0", []],
  ])("%s?%s meets %s", (path, query, body, what) => {
    expect(obey(world(), ["all"], `/control/${path}`, query)).toEqual({ status: 200, body });
    expect(done).toEqual(what as string[]);
  });

  test.each([
    ["drop/everybody", "", 500],
    ["drop/constructor", "", 500],
    ["drop/client", "srv=2", 500],
    ["drop/client", "srv=-1", 500],
    ["redirect/client", "app=live", 500],
    ["record/pause", "", 500],
    ["record/start", "name=a&rec=none", 500],
    ["record/start", "name=nobody&rec=none", 204],
    ["what/ever", "", 404],
    ["drop", "", 404],
    ["drop/", "", 500],
  ])("%s?%s is refused: %d", (path, query, status) => {
    expect(obey(world(), ["all"], `/control/${path}`, query).status).toBe(status as 404);
    expect(done).toEqual([]);
  });

  test("only those that the location takes", () => {
    expect(obey(world(), ["record", "redirect"], "/control/drop/client", "").status).toBe(404);
    expect(done).toEqual([]);
  });

  test("to a recorder are answered with its file", () => {
    recorders.set("live/a all", { file: "/tmp/a.flv" });
    recorders.set("live/a ", { file: undefined });
    const order = (query: string) => obey(world(), ["record"], "/x/record/start", query);
    expect(order("name=a&rec=all")).toEqual({ status: 200, body: "/tmp/a.flv" });
    expect(order("name=a")).toEqual({ status: 204, body: "" });
  });
});

describe("the API", () => {
  const ask = async (method: string, path: string, body?: unknown) => {
    const init = {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    };
    const response = await createApi(world(), traffic).request(normaliseApiPath(path), init);
    return { status: response.status, type: response.headers.get("content-type"), value: await response.json() };
  };

  test("lists sessions, without secrets", async () => {
    enter("publish", "live/a", { bytesIn: 5 });
    const { value } = await ask("GET", "/api/sessions");
    expect(value).toMatchObject({ sessions: [{ id: 1, kind: "publish", path: "live/a", bytesIn: 5, seconds: 1 }] });
    expect(JSON.stringify(value)).not.toContain("secret");
    expect((await ask("GET", "/api/stats")).value).toMatchObject({ publishers: 1, players: 0, uptime: 9, pid: 7 });
    expect((await ask("GET", "/api/relays")).value).toMatchObject({
      relays: [{ direction: "push", target: "rtmp://a/***", state: "running" }],
    });
  });

  test("knows relays: they are no accepted connections, can be dropped, and not be redirected", async () => {
    enter("play", "live/a", { relay: true, address: "b.example/live", flashVer: "naru/1" });
    const { value } = await ask("GET", "/api/sessions");
    expect(value).toMatchObject({ sessions: [{ address: "b.example/live", agent: "naru/1", relay: true }] });
    expect((await ask("GET", "/api/stats")).value).toMatchObject({ accepted: 0, connections: 1, players: 1 });
    expect((await ask("POST", "/api/sessions/1/redirect", { name: "b" })).status).toBe(404);
    expect(obey(world(), ["all"], "/control/redirect/client", "app=live&newname=b").body).toBe("0");
    expect(obey(world(), ["all"], "/control/drop/client", "app=live").body).toBe("1");
    expect(done).toEqual(["drop 1"]);
    const xml = formatStatXml(readStat(world(), traffic), ["all"], "");
    expect(xml).toContain("<address>b.example/live</address><time>2000</time><flashver>ngx-local-relay</flashver>");
  });

  test("drops and redirects", async () => {
    enter("play", "live/a");
    expect(await ask("POST", "/api/sessions/1/redirect", { name: "b" })).toMatchObject({
      status: 200,
      value: { count: 1 },
    });
    expect((await ask("POST", "/api/sessions/1/drop")).value).toEqual({ count: 1 });
    expect(done).toEqual(["redirect 1 b", "drop 1"]);
  });

  test("records", async () => {
    recorders.set("live/a all", { file: "/tmp/a.flv" });
    recorders.set("live/a ", { file: undefined });
    expect((await ask("POST", "/api/streams/live/a/record/all/start")).value).toEqual({ file: "/tmp/a.flv" });
    expect((await ask("POST", "/api/streams/live%2Fa/record/-/stop")).value).toEqual({ file: null });
  });

  test.each([
    ["GET", "/api/nothing", undefined, 404],
    ["POST", "/api/sessions/9/drop", undefined, 404],
    ["POST", "/api/sessions/x/drop", undefined, 400],
    ["POST", "/api/sessions/1/redirect", {}, 400],
    ["POST", "/api/streams/live/a/record/none/start", undefined, 404],
    ["POST", "/api/streams/live/a/record/all/pause", undefined, 400],
    ["DELETE", "/api/streams/live/a/publisher", undefined, 404],
  ])("%s %s %j is a problem: %d", async (method, path, body, status) => {
    const { type, value, ...answer } = await ask(method, path, body);
    expect(answer.status).toBe(status as number);
    expect(type).toBe("application/problem+json");
    expect(value).toMatchObject({ status, detail: expect.stringMatching(/\w/) });
  });

  test("a body that is no JSON is a problem, too", async () => {
    const init = { method: "POST", body: "{", headers: { "content-type": "application/json" } };
    const response = await createApi(world(), traffic).request("/api/sessions/1/redirect", init);
    expect([response.status, response.headers.get("content-type")]).toEqual([400, "application/problem+json"]);
  });

  test("describes itself", async () => {
    const { value } = await ask("GET", "/api/openapi.json");
    const { paths } = value as { paths: Record<string, Record<string, { security?: unknown }>> };
    expect(Object.keys(paths)).toContain("/api/streams/{path}/record/{recorder}/{action}");
    const open = Object.entries(paths).filter(([, methods]) =>
      Object.values(methods).some(({ security }) => !security),
    );
    expect(open.map(([path]) => path)).toEqual(["/api/streams"]);
  });
});
