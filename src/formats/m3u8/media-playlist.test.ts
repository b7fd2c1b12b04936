import { describe, expect, test } from "bun:test";
import { MalformedError } from "../../bytes/errors.ts";
import { formatMediaPlaylist } from "./format-media-playlist.ts";
import type { MediaPlaylist } from "./media-playlist.ts";
import {
  formatMultivariantPlaylist,
  type MultivariantPlaylist,
  parseMultivariantPlaylist,
} from "./multivariant-playlist.ts";
import { parseMediaPlaylist } from "./parse-media-playlist.ts";

const WALLCLOCK = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

const LOW_LATENCY: MediaPlaylist = {
  version: 6,
  targetDuration: 2,
  independentSegments: true,
  serverControl: { canBlockReload: true, canSkipUntil: 12, holdBack: 6, partHoldBack: 1.2 },
  partTarget: 0.4,
  mediaSequence: 17,
  discontinuitySequence: 3,
  skipped: 0,
  segments: [
    {
      uri: "main/17.m4s",
      duration: 2.002,
      discontinuity: false,
      wallclock: WALLCLOCK,
      map: "main/init-1.mp4",
      parts: [],
    },
    {
      uri: "main/18.m4s",
      duration: 0.5,
      discontinuity: true,
      wallclock: WALLCLOCK + 2002,
      map: "main/init-18.mp4",
      parts: [
        { uri: "main/18.0.m4s", duration: 0.4, independent: true },
        { uri: "main/18.1.m4s", duration: 0.1, independent: false },
      ],
    },
    {
      uri: undefined,
      duration: 0,
      discontinuity: false,
      wallclock: WALLCLOCK + 2502,
      map: "main/init-18.mp4",
      parts: [{ uri: "main/19.0.m4s", duration: 0.366667, independent: true }],
    },
  ],
  preloadHint: "main/19.1.m4s",
  ended: false,
};

const LOW_LATENCY_TEXT = `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:2
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12,HOLD-BACK=6,PART-HOLD-BACK=1.2
#EXT-X-PART-INF:PART-TARGET=0.4
#EXT-X-MEDIA-SEQUENCE:17
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-MAP:URI="main/init-1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:05.678Z
#EXTINF:2.002,
main/17.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="main/init-18.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:07.680Z
#EXT-X-PART:DURATION=0.4,URI="main/18.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.1,URI="main/18.1.m4s"
#EXTINF:0.5,
main/18.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:08.180Z
#EXT-X-PART:DURATION=0.366667,URI="main/19.0.m4s",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="main/19.1.m4s"
`;

const TRANSPORT_STREAM: MediaPlaylist = {
  version: 3,
  targetDuration: 10,
  independentSegments: false,
  mediaSequence: 0,
  discontinuitySequence: 0,
  skipped: 0,
  segments: [{ uri: "0.ts", duration: 9.009, discontinuity: false, wallclock: undefined, map: undefined, parts: [] }],
  ended: true,
};

const TRANSPORT_STREAM_TEXT = `#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:10
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXTINF:9.009,
0.ts
#EXT-X-ENDLIST
`;

const CASES: readonly [string, MediaPlaylist, string][] = [
  ["low latency", LOW_LATENCY, LOW_LATENCY_TEXT],
  ["MPEG-TS, ended", TRANSPORT_STREAM, TRANSPORT_STREAM_TEXT],
];

describe.each(CASES)("media playlist: %s", (_name, value, text) => {
  test("format", () => expect(formatMediaPlaylist(value)).toBe(text));
  test("parse", () => expect(stripped(parseMediaPlaylist(text))).toEqual(stripped(value)));
  test("parse with CRLF, comments and unknown tags", () => {
    const noisy = text.replace("#EXTINF", "# a comment\n\n#EXT-X-UNKNOWN:1\n#EXTINF").replaceAll("\n", "\r\n");
    expect(stripped(parseMediaPlaylist(noisy))).toEqual(stripped(value));
  });
});

test("a discontinuity in front of what is still to come", () => {
  const waiting = {
    ...LOW_LATENCY,
    segments: LOW_LATENCY.segments.slice(0, 2),
    preloadHint: undefined,
    discontinuityNext: true,
  };
  const text = formatMediaPlaylist(waiting);
  expect(text.endsWith("main/18.m4s\n#EXT-X-DISCONTINUITY\n")).toBe(true);
  expect(parseMediaPlaylist(text).discontinuityNext).toBe(true);
});

test("a delta update repeats the map only where it changes", () => {
  const delta = { ...LOW_LATENCY, version: 9, skipped: 4 };
  expect(formatMediaPlaylist({ ...delta, mapBefore: "main/init-1.mp4" })).not.toContain("init-1.mp4");
  expect(formatMediaPlaylist({ ...delta, mapBefore: "main/init-0.mp4" })).toContain("init-1.mp4");
  expect(formatMediaPlaylist(delta)).toContain("#EXT-X-SKIP:SKIPPED-SEGMENTS=4\n");
  expect(formatMediaPlaylist(delta)).toContain("#EXT-X-DISCONTINUITY-SEQUENCE:3\n");
});

test.each([
  ["no header", "#EXT-X-TARGETDURATION:2\n"],
  ["byte order mark", `\ufeff${TRANSPORT_STREAM_TEXT}`],
  ["no target duration", "#EXTM3U\n#EXTINF:2,\na.ts\n"],
  ["URI without EXTINF", "#EXTM3U\n#EXT-X-TARGETDURATION:2\na.ts\n"],
  ["EXTINF not a number", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:NaN,\na.ts\n"],
  ["tag twice", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-TARGETDURATION:2\n"],
  ["sequence too large", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:99999999999999999999\n"],
  ["attribute twice", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-PART-INF:PART-TARGET=1,PART-TARGET=2\n"],
  ["part without a URI", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-PART:DURATION=1\n"],
  ["a date that is none", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-PROGRAM-DATE-TIME:yesterday\n"],
])("malformed: %s", (_name, text) => {
  expect(() => parseMediaPlaylist(text)).toThrow(MalformedError);
});

const MULTIVARIANT: MultivariantPlaylist = {
  version: 6,
  independentSegments: false,
  variants: [
    {
      uri: "main.m3u8",
      bandwidth: 3_000_000,
      averageBandwidth: 2_600_000,
      codecs: ["avc1.64001F", "mp4a.40.2"],
      resolution: { width: 1280, height: 720 },
      frameRate: 29.97,
      videoRange: "PQ",
    },
  ],
};
const MULTIVARIANT_TEXT = `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-STREAM-INF:BANDWIDTH=3000000,AVERAGE-BANDWIDTH=2600000,CODECS="avc1.64001F,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,VIDEO-RANGE=PQ
main.m3u8
`;

test("multivariant playlist", () => {
  expect(formatMultivariantPlaylist(MULTIVARIANT)).toBe(MULTIVARIANT_TEXT);
  expect(parseMultivariantPlaylist(MULTIVARIANT_TEXT)).toEqual(MULTIVARIANT);
  expect(() => parseMultivariantPlaylist("#EXTM3U\nmain.m3u8\n")).toThrow(MalformedError);
});

/** Without members that are undefined. */
function stripped(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, member) => (key === "gap" && member === false ? undefined : member)));
}
