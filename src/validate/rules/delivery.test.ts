import { describe, expect, test } from "bun:test";
import { checkPlaylist } from "../check-playlist.ts";
import type { FoundMediaPlaylist } from "../playlist/media-playlist.ts";
import { applyRules, type CheckedRule } from "./checked-rule.ts";
import {
  DELTA_RULES,
  DIRECTIVE_RULES,
  type DirectiveSubject,
  holds,
  PROBE_RULES,
  type ProbeSubject,
} from "./delivery.ts";

type Shape = {
  from?: number;
  count?: number;
  open?: number;
  skip?: number;
  ended?: boolean;
  edit?: (text: string) => string;
};

/** Segments of 2 s from `from` on, the last three with four parts each. */
function playlist({
  from = 10,
  count = 12,
  open = 2,
  skip = 0,
  ended = false,
  edit = (text) => text,
}: Shape): FoundMediaPlaylist {
  const part = (msn: number, index: number) => `#EXT-X-PART:DURATION=0.5,URI="${msn}.${index}.m4s"\n`;
  const segments = [...Array(count).keys()].slice(skip).map((index) => {
    const parts = index >= count - 3 ? [0, 1, 2, 3].map((number) => part(from + index, number)).join("") : "";
    return `${index === 0 ? '#EXT-X-MAP:URI="init.mp4"\n' : ""}${parts}#EXTINF:2.0,\n${from + index}.m4s\n`;
  });
  const text = [
    "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:2\n",
    "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12,PART-HOLD-BACK=1.5\n#EXT-X-PART-INF:PART-TARGET=0.5\n",
    `#EXT-X-MEDIA-SEQUENCE:${from}\n`,
    skip > 0 ? `#EXT-X-SKIP:SKIPPED-SEGMENTS=${skip}\n` : "",
    ...segments,
    ...[...Array(open).keys()].map((index) => part(from + count, index)),
    ended ? "#EXT-X-ENDLIST\n" : "",
  ].join("");
  const checked = checkPlaylist(edit(text), { url: "http://example.com/main.m3u8" }, () => {});
  if (checked.kind !== "media") throw new Error("no media playlist");
  return checked.playlist;
}

function rulesIn<Subject>(rules: readonly CheckedRule<Subject>[], subject: Subject): string[] {
  const found: string[] = [];
  applyRules(rules, subject, "http://example.com/", ({ rule }) => found.push(rule));
  return found;
}

const answer = (asked: DirectiveSubject["asked"], shape: Shape): DirectiveSubject => ({
  asked,
  held: playlist({}),
  status: 200,
  tookMs: 400,
  playlist: playlist(shape),
});

/** Six of twelve segments of 2 s lie beyond 12 s; one more or less lies just there. */
const BEYOND = 6;

const DIRECTIVES: readonly (readonly [rule: string, subject: DirectiveSubject])[] = [
  ["blocking-early", answer({ msn: 22, part: 2, skip: false }, { open: 2 })],
  ["blocking-early", answer({ msn: 22, skip: false }, { open: 3 })],
  ["blocking-early", answer({ msn: 21, part: 4, skip: false }, { open: 0 })],
  ["blocking-refused", { asked: { msn: 21, part: 4, skip: false }, held: playlist({}), status: 400, tookMs: 5 }],
  [
    "blocking-unanswered",
    { asked: { msn: 22, part: 2, skip: false }, held: playlist({}), status: undefined, tookMs: 14_000 },
  ],
  [
    "blocking-unanswered",
    { asked: { msn: 22, part: 2, skip: false }, held: playlist({}), status: 503, tookMs: 12_000 },
  ],
  ["blocking-late", { ...answer({ msn: 22, part: 2, skip: false }, { open: 3 }), waitedInVainMs: 1200 }],
  ["skip-unasked", answer({ skip: false }, { skip: BEYOND })],
  ["skip-too-much", answer({ skip: true }, { skip: BEYOND + 2 })],
  ["skip-too-little", answer({ skip: true }, { skip: BEYOND - 2 })],
  ["skip-too-little", answer({ skip: true }, {})],
];

const PROBES: readonly (readonly [rule: string, subject: ProbeSubject])[] = [
  ["part-without-msn-accepted", { probe: "part-alone", query: "_HLS_part=0", status: 200, tookMs: 5 }],
  ["part-without-msn-accepted", { probe: "part-alone", query: "_HLS_part=0", status: undefined, tookMs: 2000 }],
  ["far-msn-accepted", { probe: "far-msn", query: "_HLS_msn=9", status: undefined, tookMs: 2000 }],
  ["far-msn-accepted", { probe: "far-msn", query: "_HLS_msn=9", status: 200, tookMs: 5 }],
  ["directives-after-end", { probe: "after-end", query: "_HLS_msn=9", status: 400, tookMs: 5 }],
  [
    "directives-after-end",
    {
      probe: "skip-after-end",
      query: "_HLS_skip=YES",
      status: 200,
      tookMs: 5,
      playlist: playlist({ skip: 6, ended: true }),
    },
  ],
];

describe("delivery directives", () => {
  test.each(DIRECTIVES)("%s", (rule, subject) => {
    expect(rulesIn(DIRECTIVE_RULES, subject)).toEqual([rule]);
  });

  test.each<[string, DirectiveSubject]>([
    ["the part that was asked for", answer({ msn: 22, part: 2, skip: false }, { open: 3 })],
    ["a later one", answer({ msn: 22, part: 2, skip: false }, { count: 13, open: 0 })],
    [
      "the part behind the last is the first of the next segment",
      answer({ msn: 21, part: 4, skip: false }, { open: 1 }),
    ],
    ["what is there already", answer({ msn: 3, part: 1, skip: false }, {})],
    ["the end", answer({ msn: 25, part: 0, skip: false }, { ended: true })],
    ["a delta update", answer({ msn: 22, part: 2, skip: true }, { open: 3, skip: BEYOND })],
    [
      "nothing for a while",
      { asked: { msn: 22, part: 2, skip: false }, held: playlist({}), status: 503, tookMs: 6100 },
    ],
    ["the stream is gone", { asked: { msn: 22, part: 2, skip: false }, held: playlist({}), status: 404, tookMs: 5 }],
  ])("%s: nothing is found", (_name, subject) => {
    expect(rulesIn(DIRECTIVE_RULES, subject)).toEqual([]);
  });

  test.each(PROBES)("%s", (rule, subject) => {
    expect(rulesIn(PROBE_RULES, subject)).toEqual([rule]);
  });

  test("requests that are refused as they should be: nothing is found", () => {
    for (const probe of ["part-alone", "far-msn"] as const) {
      expect(rulesIn(PROBE_RULES, { probe, query: "", status: 400, tookMs: 5 })).toEqual([]);
    }
    const ended = playlist({ ended: true });
    expect(rulesIn(PROBE_RULES, { probe: "after-end", query: "", status: 200, tookMs: 5, playlist: ended })).toEqual(
      [],
    );
  });

  test.each<[string, Shape]>([
    ["a segment", { edit: (text) => text.replace("2.0,\n18.m4s", "1.9,\n18.m4s") }],
    ["a part", { edit: (text) => text.replace('"22.1.m4s"', '"22.x.m4s"') }],
    ["the target duration", { edit: (text) => text.replace("DURATION:2", "DURATION:3") }],
    ["another EXT-X-MAP", { edit: (text) => text.replace("#EXTINF", '#EXT-X-MAP:URI="init-2.mp4"\n#EXTINF') }],
    ["a skip of more than there is", { skip: 6, count: 6, open: 2, from: 4 }],
  ])("delta-differs: %s", (_name, shape) => {
    const delta = playlist({ skip: BEYOND, ...shape });
    expect(rulesIn(DELTA_RULES, { full: playlist({}), delta })).toContain("delta-differs");
  });

  test("a delta update is the playlist: nothing is found", () => {
    expect(rulesIn(DELTA_RULES, { full: playlist({}), delta: playlist({ skip: BEYOND }) })).toEqual([]);
  });

  test("each rule has a sample", () => {
    const samples = [...DIRECTIVES, ...PROBES].map(([rule]) => rule);
    expect(samples).toEqual(expect.arrayContaining([...DIRECTIVE_RULES, ...PROBE_RULES].map(({ id }) => id)));
  });

  test("a request is satisfied by a segment whose parts are not listed any more", () => {
    expect(holds(playlist({ open: 0, edit: (text) => text.replace(/#EXT-X-PART:.*\n/g, "") }), 21, 9)).toBe(true);
    expect(holds(playlist({ open: 0 }), 22, undefined)).toBe(false);
  });
});
