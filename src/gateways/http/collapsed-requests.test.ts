import { beforeEach, describe, expect, test } from "bun:test";
import type { OriginRequest } from "../../hls/answer.ts";
import { CollapsedRequests } from "./collapsed-requests.ts";
import type { AnswerSource, SharedAnswer } from "./shared-answer.ts";
import { WaitingRoom } from "./waiting-room.ts";

/** Holds every question until told. */
class HeldSource implements AnswerSource {
  readonly asked: { readonly question: OriginRequest; readonly answer: (answer: SharedAnswer) => void }[] = [];
  cancelled = 0;

  request(question: OriginRequest, answer: (answer: SharedAnswer) => void) {
    this.asked.push({ question, answer });
    return () => {
      this.cancelled++;
    };
  }

  answer(index: number, answer: SharedAnswer): void {
    this.asked[index]?.answer(answer);
  }
}

const playlist = (text: string): SharedAnswer => ({
  kind: "text",
  status: 200,
  text: { bytes: new TextEncoder().encode(text), etag: `"${text}"` },
  contentType: "application/vnd.apple.mpegurl",
  cacheControl: "no-cache",
  keepMs: 20,
});
const media = (size: number): SharedAnswer => ({
  kind: "media",
  body: { blob: new Blob([new Uint8Array(size)]), etag: `"${size}"` },
  contentType: "video/mp4",
  cacheControl: "immutable",
  keepMs: 5_000,
});
const missing: SharedAnswer = { kind: "error", status: 404, reason: "no such media", cacheControl: "no-store" };
const NEXT = "_HLS_msn=7&_HLS_part=2";

let now: number;
let source: HeldSource;
let room: WaitingRoom;
let requests: CollapsedRequests;
let address: string;

beforeEach(() => {
  now = 1_000;
  source = new HeldSource();
  room = new WaitingRoom({ maxWaiting: 400, maxWaitingPerAddress: 3 });
  address = "127.0.0.1";
  requests = new CollapsedRequests({
    source,
    room,
    idleSeconds: 30,
    base: { server: "naru" },
    now: () => now,
    failed: (error) => new Response(String(error), { status: 500 }),
  });
});

const peer = { requestIP: () => ({ address }), timeout: () => {} };

function ask(resource: string, query = "", init?: RequestInit): Promise<Response> {
  const request = new Request(`http://h/live/test/${resource}?${query}`, init);
  const question = requests.question("live/test", resource, query);
  return Promise.resolve(requests.respond(question, request, peer, undefined));
}

describe("one question for all who ask the same", () => {
  test("more than are answered in one go", async () => {
    const answers = Array.from({ length: 300 }, () => ask("main.m3u8", NEXT));
    expect(source.asked.length).toBe(1);
    expect(room.size).toBe(300);
    source.answer(0, playlist("seven"));
    for (const response of await Promise.all(answers)) expect(await response.text()).toBe("seven");
    expect(room.size).toBe(0);
  });

  test("whatever else their queries hold", async () => {
    const answers = [ask("main.m3u8", `${NEXT}&session=1`), ask("main.m3u8", `session=2&${NEXT}`)];
    expect(source.asked.map((asked) => asked.question.query)).toEqual([NEXT]);
    source.answer(0, playlist("seven"));
    expect((await Promise.all(answers)).map((response) => response.status)).toEqual([200, 200]);
  });

  test("but not for different directives", () => {
    for (const query of ["", NEXT, `${NEXT}&_HLS_skip=YES`]) void ask("main.m3u8", query);
    expect(source.asked.length).toBe(3);
  });

  test("errors go to those who wait, and are not kept", async () => {
    const answers = [ask("main/9.m4s"), ask("main/9.m4s")];
    source.answer(0, missing);
    expect((await Promise.all(answers)).map((response) => response.status)).toEqual([404, 404]);
    void ask("main/9.m4s");
    expect(source.asked.length).toBe(2);
  });
});

describe("kept answers", () => {
  test("a playlist for a moment, media for seconds", async () => {
    void ask("main.m3u8");
    source.answer(0, playlist("a"));
    void ask("main/1.m4s");
    source.answer(1, media(100));
    now += 19;
    expect(await (await ask("main.m3u8")).text()).toBe("a");
    now += 4_000;
    expect((await ask("main/1.m4s")).status).toBe(200);
    expect(source.asked.length).toBe(2);
    void ask("main.m3u8");
    expect(source.asked.length).toBe(3);
  });

  test("nobody who saw a newer playlist gets the kept one", () => {
    void ask("main.m3u8");
    source.answer(0, playlist("old"));
    now += 5;
    void ask("main.m3u8", NEXT);
    source.answer(1, playlist("new"));
    now += 5;
    void ask("main.m3u8");
    expect(source.asked.length).toBe(3);
  });

  test("media is bounded in bytes, and forgotten when nobody asks", () => {
    for (let n = 0; n < 20; n++) {
      void ask(`main/${n}.m4s`);
      source.answer(n, media(4 * 1024 ** 2));
    }
    expect(requests.bytes).toBe(32 * 1024 ** 2);
    now += 5_001;
    requests.sweep(now);
    expect(requests.bytes).toBe(0);
  });
});

describe("viewers who leave", () => {
  test("are not answered; the last one withdraws the question", async () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const answers = [ask("main.m3u8", NEXT, first), ask("main.m3u8", NEXT, second)];
    first.abort();
    expect((await answers[0])?.status).toBe(499);
    expect([room.size, source.cancelled]).toEqual([1, 0]);
    second.abort();
    await answers[1];
    expect([room.size, source.cancelled]).toEqual([0, 1]);
    void ask("main.m3u8", NEXT);
    expect(source.asked.length).toBe(2);
  });

  test("before they could wait are not counted", async () => {
    const gone = new AbortController();
    gone.abort();
    expect((await ask("main.m3u8", NEXT, gone)).status).toBe(499);
    expect(room.size).toBe(0);
  });
});

describe("no more wait than may", () => {
  test("all together", async () => {
    for (let n = 0; n < 400; n++) void ask("main.m3u8", NEXT);
    const refused = await ask("main.m3u8", NEXT);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
  });

  test.each([
    ["203.0.113.9", 503],
    ["::ffff:203.0.113.9", 503],
    ["2001:db8::9", 503],
    ["192.168.1.9", "waits"],
    ["::ffff:10.1.1.9", "waits"],
    ["fd00::9", "waits"],
  ])("from %s, once half of the places are taken: %p", async (from, outcome) => {
    address = from;
    for (let n = 0; n < 200 + 3; n++) void ask("main.m3u8", NEXT);
    expect(room.size).toBe(203);
    const next = ask("main.m3u8", NEXT).then((response) => response.status);
    expect(await Promise.race([next, Bun.sleep(1).then(() => "waits")])).toBe(outcome);
    address = "198.51.100.1";
    void ask("main.m3u8", NEXT);
    expect(room.size).toBe(outcome === 503 ? 204 : 205);
  });
});
