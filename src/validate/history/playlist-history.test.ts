import { describe, expect, test } from "bun:test";
import { checkPlaylist } from "../check-playlist.ts";
import type { Finding } from "../finding.ts";
import type { FoundMediaPlaylist } from "../playlist/media-playlist.ts";
import { type Observation, PlaylistHistory, type RemovedResource } from "./playlist-history.ts";
import { HISTORY_RULES } from "./rules.ts";

const URL = "http://example.com/main.m3u8";
const EPOCH = Date.UTC(2026, 0, 1);

type Shape = {
  /** First segment, number of complete ones, parts of the next. */
  readonly from: number;
  readonly count: number;
  readonly open?: number;
  /** Segments that begin with a discontinuity. */
  readonly cuts?: readonly number[];
  readonly edit?: (text: string) => string;
};

/** A low-latency playlist of 2 s segments with four parts. */
function playlist({ from, count, open = 0, cuts = [], edit = (text) => text }: Shape): FoundMediaPlaylist {
  const parts = (msn: number, number: number) =>
    [...Array(number).keys()]
      .map((part) => `#EXT-X-PART:DURATION=0.5,URI="${msn}.${part}.m4s",INDEPENDENT=YES\n`)
      .join("");
  const tags = (msn: number) =>
    `${cuts.includes(msn) ? "#EXT-X-DISCONTINUITY\n" : ""}#EXT-X-PROGRAM-DATE-TIME:${new Date(EPOCH + msn * 2000).toISOString()}\n`;
  const segments = [...Array(count).keys()].map((index) => {
    const msn = from + index;
    return `${tags(msn)}${index >= count - 3 ? parts(msn, 4) : ""}#EXTINF:2.0,\n${msn}.m4s\n`;
  });
  const next = from + count;
  const text = [
    "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n",
    "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5\n#EXT-X-PART-INF:PART-TARGET=0.5\n",
    `#EXT-X-MEDIA-SEQUENCE:${from}\n#EXT-X-DISCONTINUITY-SEQUENCE:${cuts.filter((cut) => cut < from).length}\n`,
    `#EXT-X-MAP:URI="init.mp4"\n`,
    ...segments,
    open > 0 ? `${tags(next)}${parts(next, open)}` : "",
    `#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${next}.${open}.m4s"\n`,
  ].join("");
  const checked = checkPlaylist(edit(text), { url: URL }, () => {});
  if (checked.kind !== "media") throw new Error("no media playlist");
  return checked.playlist;
}

type Step = Shape &
  Partial<Pick<Observation, "channel" | "held" | "age">> & { readonly sentAt?: number; readonly at: number };

/** Feeds steps to a history. @returns what it reported */
function follow(steps: readonly Step[]): { found: Finding[]; removed: RemovedResource[] } {
  const found: Finding[] = [];
  const removed: RemovedResource[] = [];
  const history = new PlaylistHistory(URL, (finding) => found.push(finding));
  for (const { at, sentAt = at, channel = "plain", held = false, age = 0, ...shape } of steps) {
    history.observe({ playlist: playlist(shape), channel, sentAt, arrivedAt: at, held, age });
    removed.push(...history.takeRemoved());
  }
  return { found, removed };
}

const rulesIn = (steps: readonly Step[]) => [...new Set(follow(steps).found.map(({ rule }) => rule))].sort();
/** The second step of two, changed. */
const then = (edit: (text: string) => string, shape: Partial<Step> = {}): Step[] => [
  { at: 0, from: 10, count: 8, open: 1 },
  { at: 500, from: 10, count: 8, open: 2, edit, ...shape },
];
const range = (id: string, seconds: number, more = "") =>
  `#EXT-X-DATERANGE:ID="${id}",START-DATE="${new Date(EPOCH + seconds * 1000).toISOString()}"${more}\n#EXTINF`;

const SAMPLES: readonly (readonly [rule: string, steps: readonly Step[], also?: readonly string[]])[] = [
  ["target-duration-changed", then((text) => text.replace("DURATION:2", "DURATION:3"))],
  ["part-target-changed", then((text) => text.replace("PART-TARGET=0.5", "PART-TARGET=0.6"))],
  ["server-control-changed", then((text) => text.replace("HOLD-BACK=1.5", "HOLD-BACK=2.5"))],
  ["header-changed", then((text) => text.replace("#EXT-X-MAP", "#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP"))],
  [
    "media-sequence-backwards",
    [
      { at: 0, from: 10, count: 8 },
      { at: 500, from: 0, count: 8 },
    ],
  ],
  ["media-sequence-wrong", then((text) => text.replace(/#EXT-X-PROGRAM.*\n#EXTINF.*\n10.m4s\n/, ""))],
  [
    "discontinuity-sequence-backwards",
    then((text) => text.replace("CONTINUITY-SEQUENCE:1", "CONTINUITY-SEQUENCE:0"), { cuts: [5] }).map((step) => ({
      ...step,
      cuts: [5],
    })),
    ["discontinuity-sequence-wrong"],
  ],
  [
    "discontinuity-sequence-wrong",
    [
      { at: 0, from: 10, count: 8, cuts: [12] },
      {
        at: 500,
        from: 13,
        count: 6,
        cuts: [12],
        edit: (text) => text.replace("CONTINUITY-SEQUENCE:1", "CONTINUITY-SEQUENCE:0"),
      },
    ],
  ],
  ["segment-changed", then((text) => text.replace("\n12.m4s", "\nother.m4s"))],
  ["segment-changed", then((text) => text.replace(/2.0,\n12.m4s/, "1.9,\n12.m4s"))],
  ["segment-changed", then((text) => text.replace("#EXTINF:2.0,\n12.m4s", "#EXT-X-GAP\n#EXTINF:2.0,\n12.m4s"))],
  ["segment-changed", then((text) => text.replace("init.mp4", "init-2.mp4"))],
  ["date-time-changed", then((text) => text.replaceAll("2026-", "2025-"))],
  ["part-changed", then((text) => text.replace('"18.0.m4s",INDEPENDENT=YES', '"18.0.m4s"'))],
  ["part-removed", then((text) => text.replace(/#EXT-X-PART.*16\.3.*\n/, ""))],
  ["end-removed", then((text) => text, { open: 0 })],
  [
    "removal-of-typed",
    [0, 1].map((step) => ({
      at: step * 500,
      from: 10 + step,
      count: 8,
      edit: (text) => text.replace("#EXT-X-MAP", "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-MAP"),
    })),
  ],
  [
    "changed-after-end",
    [
      { at: 0, from: 10, count: 8, edit: (text) => `${text}#EXT-X-ENDLIST\n` },
      { at: 500, from: 10, count: 9, edit: (text) => `${text}#EXT-X-ENDLIST\n` },
    ],
  ],
  [
    "changed-after-end",
    [
      { at: 0, from: 10, count: 8, edit: (text) => `${text}#EXT-X-ENDLIST\n` },
      { at: 500, from: 10, count: 8 },
    ],
  ],
  [
    "playlist-too-short",
    [
      { at: 0, from: 10, count: 3 },
      { at: 500, from: 12, count: 2 },
    ],
    ["few-segments"],
  ],
  [
    "few-segments",
    [
      { at: 0, from: 10, count: 5 },
      { at: 500, from: 11, count: 5 },
    ],
  ],
  [
    "segment-late",
    [
      { at: 0, from: 10, count: 8 },
      { at: 3600, sentAt: 3550, from: 10, count: 8 },
    ],
    ["part-late"],
  ],
  [
    "segment-late",
    [
      { at: 0, from: 10, count: 8 },
      { at: 3600, sentAt: 1, held: true, from: 10, count: 9 },
    ],
    ["part-late"],
  ],
  [
    "part-late",
    [
      { at: 0, from: 10, count: 8, open: 1 },
      { at: 2100, sentAt: 1, held: true, from: 10, count: 8, open: 2 },
    ],
  ],
  ["hint-unfulfilled", then((text) => text.replace('"18.1.m4s"', '"18-1.m4s"'))],
  [
    "discontinuity-before-hinted",
    [
      { at: 0, from: 10, count: 8 },
      { at: 500, from: 10, count: 8, open: 1, cuts: [18] },
    ],
  ],
  [
    "date-range-removed",
    [
      { at: 0, from: 10, count: 8, edit: (text) => text.replace("#EXTINF", range("a", 22)) },
      { at: 500, from: 10, count: 8 },
    ],
  ],
  [
    "date-range-changed",
    [
      { at: 0, from: 10, count: 8, edit: (text) => text.replace("#EXTINF", range("a", 22, ",DURATION=1")) },
      { at: 500, from: 10, count: 8, edit: (text) => text.replace("#EXTINF", range("a", 22, ",DURATION=2")) },
    ],
  ],
];

describe("a playlist over time", () => {
  test("a stream that goes on as it should: nothing is found", () => {
    const steps: Step[] = [];
    for (let tick = 0; tick < 80; tick++) {
      const count = 8 + Math.floor(tick / 4);
      const from = Math.max(10, 10 + count - 8);
      steps.push({
        at: tick * 500,
        sentAt: tick * 500 - 490,
        held: true,
        from,
        count: 8,
        open: tick % 4,
        cuts: [20, 30],
      });
    }
    // The cut is announced before its first part is hinted at.
    const announced = steps.map((step) =>
      step.open === 0 && step.cuts?.includes(step.from + 8)
        ? { ...step, edit: (text: string) => text.replace("#EXT-X-PRELOAD", "#EXT-X-DISCONTINUITY\n#EXT-X-PRELOAD") }
        : step,
    );
    expect(follow(announced).found).toEqual([]);
  });

  test.each(SAMPLES)("%s", (rule, steps, also = []) => {
    expect(rulesIn(steps)).toEqual([rule, ...also].sort());
  });

  test("each rule has a sample", () => {
    expect(SAMPLES.map(([rule]) => rule)).toEqual(expect.arrayContaining(HISTORY_RULES.map(({ id }) => id)));
  });

  test.each<[string, Step[]]>([
    [
      "an older answer of a cache to another kind of request",
      [
        { at: 0, channel: "blocking", from: 10, count: 8, open: 3 },
        { at: 600, channel: "plain", from: 10, count: 8, open: 1 },
      ],
    ],
    ["a token in the query of segments", then((text) => text.replace("\n12.m4s", "\n12.m4s?token=2"))],
    [
      "the discontinuity of the first segment is counted early",
      [
        { at: 0, from: 10, count: 8, cuts: [12] },
        {
          at: 500,
          from: 12,
          count: 6,
          cuts: [12],
          edit: (text) => text.replace("SEQUENCE:0", "SEQUENCE:1").replace("#EXT-X-DISCONTINUITY\n", ""),
        },
      ],
    ],
    [
      "a date that only the first segment bears",
      [10, 11].map((from, index) => ({
        at: index * 500,
        from,
        count: 8,
        edit: (text: string) => {
          const first = text.search("#EXT-X-PROGRAM");
          return text.replace(/#EXT-X-PROGRAM.*\n/g, (tag, at: number) => (at === first ? tag : ""));
        },
      })),
    ],
    [
      "an answer that a cache held for long",
      [
        { at: 0, from: 10, count: 8 },
        { at: 3600, sentAt: 3550, age: 3000, from: 10, count: 8 },
      ],
    ],
    [
      "a hint that a planned cut replaced",
      [
        { at: 0, from: 10, count: 8, open: 1 },
        {
          at: 500,
          from: 10,
          count: 9,
          open: 1,
          cuts: [19],
          edit: (text) => text.replace(/2.0,\n18.m4s/, "0.5,\n18.m4s").replace(/#EXT-X-PART.*18\.[123].*\n/g, ""),
        },
      ],
    ],
    [
      "a date range that has left the segments",
      [
        { at: 0, from: 10, count: 8, edit: (text) => text.replace("#EXTINF", range("a", 21)) },
        { at: 500, from: 11, count: 8 },
      ],
    ],
  ])("%s: nothing is found", (_name, steps) => {
    expect(follow(steps).found).toEqual([]);
  });

  test("durations of ages make no dates, and no error", () => {
    const ages = (text: string) =>
      text
        .replace("2.0,\n10.m4s", "99999999999999999999,\n10.m4s")
        .replace(/#EXT-X-PROGRAM.*\n/g, (tag, at) => (at < 300 ? tag : ""));
    expect(rulesIn([{ at: 0, from: 10, count: 8 }, ...then(ages).slice(1)])).toEqual([
      "date-time-changed",
      "segment-changed",
    ]);
  });

  test("what happened while the server was away is not late, and not removed", () => {
    const found: Finding[] = [];
    const history = new PlaylistHistory(URL, (finding) => found.push(finding));
    const observe = (at: number, shape: Shape) =>
      history.observe({ playlist: playlist(shape), channel: "plain", sentAt: at, arrivedAt: at, held: false, age: 0 });
    observe(0, { from: 10, count: 8 });
    history.interrupted();
    observe(20_000, { from: 900, count: 1 });
    expect(found).toEqual([]);
    // From then on as always.
    observe(20_500, { from: 901, count: 1 });
    expect(found.map(({ rule }) => rule)).toEqual(["playlist-too-short", "few-segments"]);
  });

  test("removed resources are told, with how long they must be there", () => {
    const { removed } = follow([
      { at: 0, from: 10, count: 8 },
      { at: 2000, from: 10, count: 9 },
      { at: 21_000, from: 19, count: 9 },
    ]);
    // Parts for three target durations; segment 18 from when it came, for its duration and the longest playlist's.
    expect(removed.filter(({ kind }) => kind === "part").map(({ name, until }) => [name, until])).toContainEqual([
      "part 15.0",
      8000,
    ]);
    expect(removed.filter(({ kind }) => kind === "segment").map(({ name, until }) => [name, until])).toEqual([
      ["segment 18", 22_000],
    ]);
  });
});
