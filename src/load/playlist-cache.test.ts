import { describe, expect, test } from "bun:test";
import { SyntheticLive } from "../../test/support/synthetic-live.ts";
import { mergeDelta, PlaylistCache, type ReceivedDelta } from "./playlist-cache.ts";
import { type Snapshot, startPosition, unitAt, unitBefore } from "./snapshot.ts";

const URL = "http://h/live/test/main.m3u8";
const bytesOf = (text: string) => new TextEncoder().encode(text);

function cacheOf() {
  let decoded = 0;
  const cache = new PlaylistCache((body) => {
    decoded++;
    return new TextDecoder().decode(body);
  });
  const read = (text: string, url = URL) => cache.read(url, bytesOf(text), "");
  const snapshot = (text: string): Snapshot => {
    const received = read(text);
    if (received.type !== "media") throw new Error(`got ${received.type}`);
    return received.snapshot;
  };
  const delta = (text: string): ReceivedDelta => {
    const received = read(text);
    if (received.type !== "delta") throw new Error(`got ${received.type}`);
    return received;
  };
  return { read, snapshot, delta, count: () => decoded };
}

describe("playlist cache", () => {
  test("the same bytes are parsed once, for all", () => {
    const { read, count } = cacheOf();
    const live = new SyntheticLive();
    const first = read(live.playlist(60, false));
    expect(read(live.playlist(60, false))).toBe(first);
    expect(read(live.playlist(61, false))).not.toBe(first);
    expect(read(live.playlist(60, false))).toBe(first);
    expect(count()).toBe(2);
  });

  test("the same bytes at another URL are another playlist", () => {
    const { read } = cacheOf();
    const text = new SyntheticLive().playlist(60, false);
    const [one, other] = [read(text), read(text, "http://h/other/main.m3u8")];
    expect(one.type === "media" && one.snapshot.segments[0]?.whole?.url).toStartWith("http://h/live/test/main/");
    expect(other.type === "media" && other.snapshot.segments[0]?.whole?.url).toStartWith("http://h/other/main/");
  });

  test.each(["", "<html>", "#EXTM3U\n#EXT-X-STREAM-INF:\nx\n", "#EXTM3U\n#EXTINF:2,\n"])(
    "%p cannot be read",
    (text) => {
      expect(cacheOf().read(text).type).toBe("malformed");
    },
  );

  test("what it keeps is bounded", () => {
    const { read, count } = cacheOf();
    const live = new SyntheticLive();
    for (let parts = 60; parts < 100; parts++) read(live.playlist(parts, false));
    read(live.playlist(60, false));
    expect(count()).toBe(41);
  });
});

describe("delta updates", () => {
  const live = new SyntheticLive({ window: 20 });

  test("on top of what is known they are the whole playlist", () => {
    const { snapshot, delta } = cacheOf();
    const before = snapshot(live.playlist(150, false));
    const received = delta(live.playlist(156, true));
    const merged = mergeDelta(before, received);
    const whole = snapshot(live.playlist(156, false));
    const essence = ({ segments, end, next, hint }: Snapshot) => ({
      segments: segments.map(({ whole: unit, start, wallclock }) => [unit?.url, unit?.init, start, wallclock]),
      end: end.toFixed(6),
      next,
      hint,
    });
    expect(merged && essence(merged)).toEqual(essence(whole));
    // All viewers that knew enough share it.
    expect(mergeDelta(snapshot(live.playlist(151, false)), received)).toBe(merged);
  });

  test("they do not fit what lacks segments that they skip", () => {
    const { snapshot, delta } = cacheOf();
    const received = delta(live.playlist(190, true));
    expect(mergeDelta(snapshot(live.playlist(110, false)), received)).toBeUndefined();
    const later = snapshot(live.playlist(300, false));
    expect(mergeDelta(later, received)).toBeUndefined();
  });
});

describe("units", () => {
  const { snapshot } = cacheOf();
  const live = new SyntheticLive();
  // 152 parts: segments 120 to 129 are whole, 130 has two parts.
  const now = snapshot(live.playlist(152, false));

  test.each([
    [{ msn: 130, part: 1 }, true, "130.1"],
    [{ msn: 130, part: 2 }, true, "later"],
    [{ msn: 131, part: 0 }, true, "later"],
    [{ msn: 129, part: 4 }, true, "129.4"],
    [{ msn: 129, part: 5 }, true, "130.0"],
    [{ msn: 121, part: 0 }, true, "121"],
    [{ msn: 121, part: 3 }, true, "121"],
    [{ msn: 119, part: 0 }, true, "gone"],
    [{ msn: 129, part: 0 }, false, "129"],
    [{ msn: 130, part: 0 }, false, "later"],
  ] as const)("at %p, low latency %p: %p", (cursor, lowLatency, expected) => {
    const unit = unitAt(now, cursor, lowLatency);
    expect(typeof unit === "string" ? unit : unit.url.replace(/^.*main\/(.*)\.m4s$/, "$1")).toBe(expected);
  });

  test("a player begins its hold back behind the end, at what can be decoded", () => {
    expect(now.end).toBeCloseTo(20.8);
    expect(startPosition(now, true)).toBeCloseTo(19.6);
    expect(unitBefore(now, 19.6, true)?.url).toEndWith("/129.0.m4s");
    expect(unitBefore(now, 20.1, true)?.url).toEndWith("/130.0.m4s");
    expect(startPosition(now, false)).toBeCloseTo(14);
    expect(unitBefore(now, 14.1, false)?.url).toEndWith("/127.m4s");
    expect(unitBefore(now, -5, true)?.url).toEndWith("/120.m4s");
  });

  test("wall clock is counted on from the last tag, and back from the first", () => {
    const text =
      "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:10Z\n#EXTINF:3,\nb.ts\n#EXTINF:2,\nc.ts\n";
    const clocks = snapshot(text).segments.map(({ wallclock }) => ((wallclock ?? 0) - live.epoch) / 1000);
    expect(clocks).toEqual([6, 10, 13]);
  });
});
