import { expect, test } from "bun:test";
import { formatHlsPlaylist, type HlsKey, type HlsPlaylist, parseHlsPlaylist } from "./hls-playlist.ts";
import { HlsWindow } from "./hls-window.ts";

const CASES: readonly { readonly name: string; readonly value: HlsPlaylist; readonly text: string }[] = [
  {
    name: "as nginx-rtmp writes it",
    value: {
      mediaSequence: 3,
      discontinuitySequence: 0,
      targetDuration: 4,
      event: false,
      entries: [
        { uri: "test-3.ts", duration: 4, discontinuity: false, wallclock: undefined },
        { uri: "test-4.ts", duration: 0.056, discontinuity: false, wallclock: undefined },
      ],
    },
    text: "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-MEDIA-SEQUENCE:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:4.000,\ntest-3.ts\n#EXTINF:0.056,\ntest-4.ts\n",
  },
  {
    name: "with times and a discontinuity",
    value: {
      mediaSequence: 0,
      discontinuitySequence: 2,
      targetDuration: 3,
      event: true,
      entries: [{ uri: "a%20b-0.ts", duration: 3.067, discontinuity: true, wallclock: 1_767_225_600_123 }],
    },
    text: "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-TARGETDURATION:3\n#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-DISCONTINUITY-SEQUENCE:2\n#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.123Z\n#EXTINF:3.067,\na%20b-0.ts\n",
  },
  {
    name: "with keys",
    value: {
      mediaSequence: 0,
      discontinuitySequence: 0,
      targetDuration: 2,
      event: false,
      entries: [
        { uri: "0.ts", duration: 2, discontinuity: false, wallclock: undefined },
        { uri: "1.ts", duration: 2, discontinuity: false, wallclock: undefined, key: key("1") },
        { uri: "2.ts", duration: 2, discontinuity: false, wallclock: undefined, key: key("1") },
        { uri: "3.ts", duration: 2, discontinuity: false, wallclock: undefined, key: key("A") },
        { uri: "4.ts", duration: 2, discontinuity: false, wallclock: undefined },
      ],
    },
    text: `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-TARGETDURATION:2\n#EXTINF:2.000,\n0.ts\n#EXT-X-KEY:METHOD=AES-128,URI="1.key",IV=${key("1").iv}\n#EXTINF:2.000,\n1.ts\n#EXTINF:2.000,\n2.ts\n#EXT-X-KEY:METHOD=AES-128,URI="A.key",IV=${key("A").iv}\n#EXTINF:2.000,\n3.ts\n#EXT-X-KEY:METHOD=NONE\n#EXTINF:2.000,\n4.ts\n`,
  },
];

function key(digit: string): HlsKey {
  return { uri: `${digit}.key`, iv: `0x${digit.padStart(32, "0")}` };
}

for (const { name, value, text } of CASES) {
  test(`${name}: formatted and parsed`, () => {
    expect(formatHlsPlaylist(value)).toBe(text);
    expect(parseHlsPlaylist(text)).toEqual(value);
    expect(parseHlsPlaylist(text.replaceAll("\n", "\r\n"))).toEqual(value);
  });
}

test.each([
  "",
  "garbage",
  "#EXTM3U\n",
  "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:-1\n",
  "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:1e99\n",
  "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:\n",
  "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\na.ts\n",
  `#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n${"#EXTINF:1,\na.ts\n".repeat(10_001)}`,
])("what is no playlist of ours is not continued (%#)", (text) => {
  expect(parseHlsPlaylist(text)).toBeUndefined();
});

test("the window slides, counts what leaves, and its target duration only grows", () => {
  const window = new HlsWindow(3, 3);
  const durations = [3, 4.4, 2, 3, 3, 6.5, 3];
  for (const [n, duration] of durations.entries()) {
    expect(window.next).toBe(n);
    window.add({ id: n * 10, uri: `${n}.ts`, duration, discontinuity: n === 2, wallclock: undefined });
  }
  const { entries, ...header } = parseHlsPlaylist(window.format()) as HlsPlaylist;
  expect(header).toEqual({ mediaSequence: 4, discontinuitySequence: 1, targetDuration: 7, event: false });
  expect(entries.map(({ uri }) => uri)).toEqual(["4.ts", "5.ts", "6.ts"]);
  expect(window.kept()).toEqual([10, 20, 30, 40, 50, 60]);
});

test("the window continues where another ended, without what is gone", () => {
  const window = new HlsWindow(4, 3);
  const entry = { duration: 3, discontinuity: true, wallclock: undefined };
  window.continueFrom(
    {
      mediaSequence: 10,
      discontinuitySequence: 5,
      targetDuration: 8,
      event: false,
      entries: ["a", "b", "c"].map((uri) => ({ ...entry, uri })),
    },
    [10, undefined, 12],
  );
  expect(window.next).toBe(13);
  expect(window.format()).toBe(
    "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-MEDIA-SEQUENCE:12\n#EXT-X-TARGETDURATION:8\n#EXT-X-DISCONTINUITY-SEQUENCE:7\n#EXT-X-DISCONTINUITY\n#EXTINF:3.000,\nc\n",
  );
});

test("a playlist of type EVENT is one until something leaves it, also when it is gone on with", () => {
  const window = new HlsWindow(2, 3, 0, true);
  const entry = { duration: 3, discontinuity: false, wallclock: undefined };
  window.add({ ...entry, id: 0, uri: "0.ts" });
  expect(window.format()).toContain("\n#EXT-X-PLAYLIST-TYPE:EVENT\n");
  const next = new HlsWindow(2, 3, 0, true);
  next.continueFrom(parseHlsPlaylist(window.format()) as HlsPlaylist, [0]);
  next.add({ ...entry, id: 1, uri: "1.ts" });
  expect(next.format()).toContain("\n#EXT-X-PLAYLIST-TYPE:EVENT\n");
  next.add({ ...entry, id: 2, uri: "2.ts" });
  expect(next.format()).not.toContain("EVENT");
  const last = new HlsWindow(2, 3, 0, true);
  last.continueFrom(parseHlsPlaylist(next.format()) as HlsPlaylist, [1, 2]);
  expect(last.format()).not.toContain("EVENT");
});
