import { describe, expect, test } from "bun:test";
import { SyntheticLive } from "../../test/support/synthetic-live.ts";
import { PlaylistCache } from "./playlist-cache.ts";
import type { ViewerRequest } from "./request.ts";
import { Tally } from "./tally.ts";
import { Viewer, type ViewerOptions, type ViewerPort } from "./viewer.ts";

const BASE = "http://server/live/test/";
const OPTIONS: ViewerOptions = {
  url: `${BASE}index.m3u8`,
  lowLatency: true,
  hints: false,
  variant: "auto",
  rate: 1,
  switchEvery: undefined,
};

type Answering = (path: string, now: number) => { status: number; text: string } | "later";
type Waiting = { readonly request: ViewerRequest; readonly since: number };

/** A viewer, a server and a line between them, in virtual time. */
class Watching implements ViewerPort {
  readonly tally = new Tally();
  readonly viewer: Viewer;
  readonly asked: string[] = [];
  now: number;
  /** Milliseconds from a question to its answer. */
  delay = 20;
  server: Answering;
  /** Instead of an answer. */
  failing: "connect" | "timeout" | undefined;
  #waiting: Waiting[] = [];
  readonly #playlists = new PlaylistCache((body) => new TextDecoder().decode(body));

  constructor(
    readonly live: SyntheticLive,
    options: Partial<ViewerOptions> = {},
    now = 60_100,
  ) {
    this.now = now;
    this.server = (path, at) => live.answer(path, at);
    this.viewer = new Viewer({ ...OPTIONS, ...options }, this, this.tally);
    this.viewer.start(now);
  }

  run(milliseconds: number): void {
    for (const until = this.now + milliseconds; this.now < until; this.now += 5) {
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const one of waiting) this.#answer(one);
      if ((this.viewer.deadline ?? Number.POSITIVE_INFINITY) <= this.now) this.viewer.tick(this.now);
      if (this.now % 1000 < 5) this.viewer.sample(this.now);
    }
  }

  send(_: Viewer, request: ViewerRequest): void {
    this.asked.push(request.url.replace(BASE, ""));
    this.#waiting.push({ request, since: this.now });
  }

  abandon(_: Viewer, request: ViewerRequest): void {
    this.#waiting = this.#waiting.filter((one) => one.request !== request);
  }

  wallclockAt(now: number): number {
    return this.live.epoch + now;
  }

  random(): number {
    return 0.99;
  }

  #answer(one: Waiting): void {
    const { request, since } = one;
    if (this.failing && this.now - since >= this.delay) {
      this.viewer.failed(request, this.failing, this.now);
      return;
    }
    const early = this.now - since < this.delay;
    const answer = early ? "later" : this.server(request.url.replace(BASE, ""), this.now);
    if (answer === "later") {
      this.#waiting.push(one);
      return;
    }
    const body = new TextEncoder().encode(answer.text);
    const isPlaylist = request.kind === "playlist" || request.kind === "multivariant";
    const playlist =
      isPlaylist && answer.status === 200 ? this.#playlists.read(request.url.split("?")[0] ?? "", body, "") : undefined;
    const response = { status: answer.status, bytes: body.length, took: 1, ...(playlist && { playlist }) };
    this.viewer.answered(request, response, this.now);
  }
}

const errorsOf = ({ tally }: Watching) => Object.fromEntries(tally.errors);

describe("a low-latency viewer", () => {
  test("asks as hls.js does: playlists, an independent part, then part by part with blocking reloads", () => {
    const watching = new Watching(new SyntheticLive());
    watching.run(1_000);
    // 60.1 s: 150 parts, so segment 130 is open and empty; 1.2 s behind the end lies in the third part of 129.
    expect(watching.asked).toEqual([
      "index.m3u8",
      "main.m3u8",
      "main.m3u8?_HLS_msn=130&_HLS_part=0&_HLS_skip=YES",
      "main/init-0.mp4",
      "main/129.0.m4s",
      "main/129.1.m4s",
      "main/129.2.m4s",
      "main/129.3.m4s",
      "main/129.4.m4s",
      "main.m3u8?_HLS_msn=130&_HLS_part=1&_HLS_skip=YES",
      "main/130.0.m4s",
      "main.m3u8?_HLS_msn=130&_HLS_part=2&_HLS_skip=YES",
      "main/130.1.m4s",
    ]);
  });

  test("plays without a stall, its hold back and the way to it behind life", () => {
    const watching = new Watching(new SyntheticLive());
    watching.run(30_000);
    const { tally, viewer } = watching;
    expect(errorsOf(watching)).toEqual({});
    expect(tally.stalls).toBe(0);
    expect(viewer.playout.state).toBe("playing");
    expect(tally.latency.min).toBeGreaterThan(1_200);
    expect(tally.latency.max).toBeLessThan(1_450);
    // A reload and a part, 20 ms each, and what the simulation's steps round up.
    expect(tally.age.max).toBeLessThanOrEqual(60);
    expect(tally.age.count).toBeGreaterThan(70);
    expect(tally.firstMedia.max).toBeLessThan(100);
  });

  test("with hints, a part is there as soon as it is complete", () => {
    const plain = new Watching(new SyntheticLive());
    const hinting = new Watching(new SyntheticLive(), { hints: true });
    for (const watching of [plain, hinting]) watching.run(20_000);
    expect(errorsOf(hinting)).toEqual({});
    expect(hinting.tally.stalls).toBe(0);
    expect(hinting.asked.filter((path) => path.includes("main/130.1")).length).toBe(1);
    expect(hinting.tally.age.percentile(0.5)).toBeLessThan(10);
    expect(plain.tally.age.percentile(0.5)).toBeGreaterThanOrEqual(20);
  });

  test("a hinted part that is not made is let go, and is no error", () => {
    const watching = new Watching(new SyntheticLive(), { hints: true });
    const { server } = watching;
    watching.server = (path, now) => {
      const answer = server(path, now);
      return answer === "later" && path.endsWith(".m4s") ? { status: 404, text: "" } : answer;
    };
    watching.run(10_000);
    expect(errorsOf(watching)).toEqual({});
    expect(watching.tally.hintsDropped).toBeGreaterThan(10);
    expect(watching.tally.stalls).toBe(0);
  });

  test("a slow line stalls it, and the stall is as long as the media is late", () => {
    const watching = new Watching(new SyntheticLive());
    watching.run(10_000);
    const { server } = watching;
    const until = watching.now + 5_000;
    watching.server = (path, now) => (now < until && path.endsWith(".m4s") ? "later" : server(path, now));
    watching.run(10_000);
    const { tally } = watching;
    expect(tally.stalls).toBe(1);
    expect(tally.viewersStalled).toBe(1);
    // 5 s without media, of which up to three parts were loaded.
    expect(tally.stalledMs).toBeGreaterThan(3_600);
    expect(tally.stalledMs).toBeLessThan(5_000);
    // It goes on where it was, so that much later than life.
    expect(tally.latency.max).toBeGreaterThan(1_200 + tally.stalledMs);
    expect(watching.viewer.playout.state).toBe("playing");
  });

  test("with a rate it catches up, and stops at its hold back", () => {
    const watching = new Watching(new SyntheticLive(), { rate: 1.5 });
    const { server } = watching;
    watching.run(5_000);
    const until = watching.now + 4_000;
    watching.server = (path, now) => (now < until && path.endsWith(".m4s") ? "later" : server(path, now));
    watching.run(30_000);
    expect(watching.tally.stalls).toBe(1);
    const wallclock = watching.viewer.playout.wallclock ?? 0;
    expect(watching.wallclockAt(watching.now) - wallclock).toBeLessThan(1_400);
  });

  test("when the encoder is away it stalls without a storm of requests, and goes on when it is back", () => {
    const live = new SyntheticLive();
    const watching = new Watching(live);
    watching.run(5_000);
    live.goneSince = watching.now;
    const { server } = watching;
    const before = watching.asked.length;
    // Blocked reloads come back unchanged after 2 s.
    let heldSince = watching.now;
    watching.server = (path, now) => {
      const answer = server(path, now);
      if (answer !== "later" || now - heldSince < 2_000) return answer;
      heldSince = now;
      return { status: 200, text: live.playlist(live.parts(now), false) };
    };
    watching.run(20_000);
    expect(watching.asked.length - before).toBeLessThan(20);
    expect(watching.tally.unchanged).toBeGreaterThan(3);
    expect(watching.viewer.playout.state).toBe("stalled");
    live.goneSince = undefined;
    watching.server = server;
    watching.run(5_000);
    expect(watching.viewer.playout.state).toBe("playing");
    expect(watching.tally.stalls).toBe(1);
  });
});

describe("what goes wrong", () => {
  test("statuses and failures are counted by kind and retried with back-off", () => {
    const watching = new Watching(new SyntheticLive());
    watching.run(5_000);
    const { server } = watching;
    watching.server = (path, now) => (path.startsWith("main.m3u8") ? { status: 503, text: "" } : server(path, now));
    watching.run(16_000);
    // The one that was held, and after 1, 2, 4 and 8 s.
    expect(errorsOf(watching)).toEqual({ "playlist: status 503": 5 });
    watching.server = server;
    watching.run(10_000);
    expect(watching.viewer.playout.state).toBe("playing");
  });

  test("no connection at all", () => {
    const watching = new Watching(new SyntheticLive());
    watching.failing = "connect";
    watching.run(5_000);
    expect(errorsOf(watching)).toEqual({ "multivariant: no connection": 3 });
    watching.failing = undefined;
    watching.run(3_000);
    expect(watching.viewer.playout.state).toBe("playing");
  });

  test("a playlist that cannot be read, and one that goes back", () => {
    const watching = new Watching(new SyntheticLive());
    const { server } = watching;
    watching.run(3_000);
    watching.server = (path, now) =>
      path.startsWith("main.m3u8") ? { status: 200, text: "#EXTM3U\n#EXTINF:x" } : server(path, now);
    watching.run(1_000);
    expect(errorsOf(watching)).toEqual({ "playlist: cannot be read": 1 });
    const restarted = new SyntheticLive({ firstMsn: 0 });
    watching.server = (path, now) => restarted.answer(path, now);
    watching.run(5_000);
    expect(errorsOf(watching)["playlist: the media sequence went back"]).toBe(1);
    expect(watching.viewer.playout.state).toBe("playing");
  });

  test("media that cannot be had is left out after three tries", () => {
    const watching = new Watching(new SyntheticLive());
    const { server } = watching;
    watching.server = (path, now) => (path === "main/131.2.m4s" ? { status: 404, text: "" } : server(path, now));
    watching.run(15_000);
    expect(errorsOf(watching)).toEqual({ "part: status 404": 3 });
    expect(watching.tally.skips).toBe(1);
    expect(watching.asked.at(-1)).not.toContain("131");
  });

  test("over a gap it stalls until there is media behind it, and fetches nothing of it", () => {
    const watching = new Watching(new SyntheticLive());
    const { server } = watching;
    watching.server = (path, now) => {
      const answer = server(path, now);
      if (answer === "later") return answer;
      // All of segment 132, which are five parts.
      const gap = (segment: string) => `#EXT-X-GAP\n${segment}`;
      return {
        ...answer,
        text: answer.text.replace(/(?:#EXT-X-PART:[^\n]*\/132\.0[\s\S]*?)(?=#EXT-X-PROG|#EXT-X-PRE|$)/, gap),
      };
    };
    watching.run(15_000);
    expect(errorsOf(watching)).toEqual({});
    expect(watching.asked.some((path) => /main\/132/.test(path))).toBe(false);
    expect(watching.tally.stalls).toBe(1);
    expect(watching.tally.stalledMs).toBeGreaterThan(600);
    expect(watching.tally.stalledMs).toBeLessThan(1_200);
    // It has jumped over what it did not see.
    expect(watching.viewer.playout.state).toBe("playing");
  });

  test("a delta update that does not fit is followed by the whole playlist", () => {
    const live = new SyntheticLive({ window: 30 });
    const watching = new Watching(live);
    watching.run(1_000);
    const { server } = watching;
    watching.server = (path, now) => (path.includes("_HLS_skip") ? "later" : server(path, now));
    watching.run(3_000);
    // The server lists from further back than what the viewer knows.
    watching.server = (path, now) => {
      const answer = server(path, now);
      if (answer === "later" || !path.includes("_HLS_skip")) return answer;
      return { ...answer, text: answer.text.replace(/SKIPPED-SEGMENTS=\d+/, "SKIPPED-SEGMENTS=60") };
    };
    watching.run(2_000);
    expect(watching.tally.deltasRefused).toBeGreaterThan(0);
    watching.server = server;
    watching.run(5_000);
    expect(watching.viewer.playout.state).toBe("playing");
    expect(errorsOf(watching)).toEqual({});
  });
});

describe("a viewer without low latency", () => {
  test.each([true, false])("stays three target durations behind and polls (server offers parts: %p)", (lowLatency) => {
    const watching = new Watching(new SyntheticLive({ lowLatency }), { lowLatency: false });
    watching.run(40_000);
    expect(errorsOf(watching)).toEqual({});
    expect(watching.tally.stalls).toBe(0);
    expect(watching.asked.some((path) => path.includes("_HLS") || /\d\.\d\.m4s/.test(path))).toBe(false);
    // A reload each target duration, or each half when it had come too early.
    const reloads = watching.asked.filter((path) => path === "main.m3u8").length;
    expect(reloads).toBeGreaterThanOrEqual(20);
    expect(reloads).toBeLessThanOrEqual(41);
    expect(watching.tally.latency.max).toBeLessThan(8_200);
    expect(watching.tally.latency.min).toBeGreaterThan(6_000);
  });

  test("plays a stream that has ended from its beginning to its end, once", () => {
    const live = new SyntheticLive();
    live.goneSince = 30_000;
    live.ended = true;
    const watching = new Watching(live);
    watching.run(25_000);
    expect(watching.viewer.playout.state).toBe("ended");
    expect(watching.tally.stalls).toBe(0);
    const segments = watching.asked.filter((path) => path.endsWith(".m4s"));
    expect(new Set(segments).size).toBe(segments.length);
    expect(watching.viewer.deadline).toBeUndefined();
  });
});

describe("variants", () => {
  const LADDER = [
    "#EXTM3U",
    "#EXT-X-STREAM-INF:BANDWIDTH=2000000",
    "high/main.m3u8",
    "#EXT-X-STREAM-INF:BANDWIDTH=500000",
    "main.m3u8",
    "#EXT-X-STREAM-INF:BANDWIDTH=1000000",
    "middle/main.m3u8",
    "",
  ].join("\n");
  /** The same stream under three names, each with a report of the others. */
  const ladder =
    (live: SyntheticLive): Answering =>
    (path, now) => {
      if (path === "index.m3u8") return { status: 200, text: LADDER };
      const answer = live.answer(path.replace(/^(high|middle)\//, ""), now);
      if (answer === "later" || !path.includes("main.m3u8")) return answer;
      const parts = live.parts(now) - 1;
      const last = `LAST-MSN=${live.firstMsn + Math.floor(parts / 5)},LAST-PART=${parts % 5}`;
      const others = ["/live/test/high/main.m3u8", "/live/test/main.m3u8", "/live/test/middle/main.m3u8"];
      return {
        ...answer,
        text: answer.text + others.map((uri) => `#EXT-X-RENDITION-REPORT:URI="${uri}",${last}\n`).join(""),
      };
    };
  const watchLadder = (options: Partial<ViewerOptions>): Watching => {
    const watching = new Watching(new SyntheticLive(), options);
    watching.server = ladder(watching.live);
    return watching;
  };

  test.each([
    ["lowest", "main.m3u8"],
    ["highest", "high/main.m3u8"],
    [2, "middle/main.m3u8"],
    [4, "main.m3u8"],
  ] as const)("%p is %p", (variant, path) => {
    const watching = watchLadder({ variant });
    watching.run(5_000);
    expect(watching.asked[1]).toBe(path);
    expect(watching.tally.switches).toBe(0);
    expect(watching.viewer.playout.state).toBe("playing");
  });

  test("a change asks by the rendition report and loses and repeats no media", () => {
    const watching = watchLadder({ switchEvery: 4_000, variant: 1 });
    watching.run(30_000);
    expect(errorsOf(watching)).toEqual({});
    expect(watching.tally.switches).toBe(1);
    expect(watching.tally.stalls).toBe(0);
    const first = watching.asked.find((path) => path.startsWith("middle/main.m3u8"));
    expect(first).toMatch(/^middle\/main\.m3u8\?_HLS_msn=\d+&_HLS_part=\d$/);
    expect(watching.asked.some((path) => /^middle\/main\/\d+\.\d\.m4s$/.test(path))).toBe(true);
    expect(watching.tally.latency.max).toBeLessThan(1_450);
  });

  test("a line that does not carry the variant makes it choose a lower one", () => {
    const watching = watchLadder({});
    const { viewer } = watching;
    const answered = viewer.answered.bind(viewer);
    // As if each part were 40,000 bytes on a line of 800 kbit/s.
    viewer.answered = (request, response, now) =>
      answered(request, request.unit ? { ...response, bytes: 40_000, took: 400 } : response, now);
    watching.run(10_000);
    expect(watching.asked[1]).toBe("high/main.m3u8");
    expect(watching.asked.at(-1)).toMatch(/^main/);
    expect(watching.tally.switches).toBe(1);
  });

  test("audio of its own is loaded beside the video, from the same time on", () => {
    const watching = new Watching(new SyntheticLive());
    const { live } = watching;
    watching.server = (path, now) =>
      path === "index.m3u8"
        ? {
            status: 200,
            text: '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",URI="audio/main.m3u8"\n#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"\nmain.m3u8\n',
          }
        : live.answer(path.replace(/^audio\//, ""), now);
    watching.run(10_000);
    expect(errorsOf(watching)).toEqual({});
    expect(watching.tally.stalls).toBe(0);
    const media = (folder: string) => watching.asked.filter((path) => path.startsWith(`${folder}1`));
    expect(media("audio/main/")[0]).toBe("audio/main/129.0.m4s");
    expect(Math.abs(media("audio/main/").length - media("main/").length)).toBeLessThanOrEqual(1);
    expect(watching.tally.latency.max).toBeLessThan(1_500);
  });
});
