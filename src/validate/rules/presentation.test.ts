import { describe, expect, test } from "bun:test";
import { checkPlaylist } from "../check-playlist.ts";
import type { Finding } from "../finding.ts";
import { ReportHistory } from "../history/report-history.ts";
import type { FoundMediaPlaylist } from "../playlist/media-playlist.ts";
import { averageBitRate, BANDWIDTH_RULES, type BandwidthSubject, BITRATE_RULES, peakBitRate } from "./bandwidth.ts";
import { applyRules, type CheckedRule } from "./checked-rule.ts";
import { PRESENTATION_RULES, type PresentationSubject } from "./presentation.ts";

const BASE = "http://example.com/live/";

function media(name: string, text: string): FoundMediaPlaylist {
  const checked = checkPlaylist(text, { url: `${BASE}${name}` }, () => {});
  if (checked.kind !== "media") throw new Error("no media playlist");
  return checked.playlist;
}

const reports = (...names: string[]) =>
  names.map((name) => `#EXT-X-RENDITION-REPORT:URI="${name}.m3u8",LAST-MSN=11,LAST-PART=1\n`).join("");
const LIVE = `#EXTM3U
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5
#EXT-X-PART-INF:PART-TARGET=0.5
#EXT-X-MEDIA-SEQUENCE:10
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z
#EXTINF:2.0,
10.m4s
#EXT-X-PART:DURATION=0.5,URI="11.0.m4s"
#EXT-X-PART:DURATION=0.5,URI="11.1.m4s"
`;

type Edit = (text: string) => string;
const same: Edit = (text) => text;

/** Video and audio, the second edited. */
function presentation(edit: Edit = same, role = "AUDIO", multivariant = ""): PresentationSubject {
  const checked = checkPlaylist(
    `#EXTM3U\n${multivariant}#EXT-X-STREAM-INF:BANDWIDTH=1\nvideo.m3u8\n`,
    { url: `${BASE}index.m3u8` },
    () => {},
  );
  if (checked.kind !== "multivariant") throw new Error("no multivariant playlist");
  return {
    multivariant: checked.playlist,
    playlists: [
      { ...media("video.m3u8", LIVE + reports("audio")), role: "VARIANT" },
      { ...media("audio.m3u8?_HLS_msn=11", edit(LIVE + reports("video"))), role },
    ],
  };
}

/** Two variants with the same segment, in parts of these lengths. */
function variantsInParts(first: readonly number[], second: readonly number[]): PresentationSubject {
  const { multivariant } = presentation();
  const [video, other] = [first, second].map((lengths, index) => {
    const parts = lengths.map((length, part) => `#EXT-X-PART:DURATION=${length},URI="10.${part}.m4s"\n`).join("");
    const [own, reported] = index === 0 ? ["video", "other"] : ["other", "video"];
    const text = (LIVE + reports(reported)).replace("#EXTINF", `${parts}#EXTINF`);
    return { ...media(`${own}.m3u8`, text), role: "VARIANT" };
  });
  return { multivariant, playlists: video && other ? [video, other] : [] };
}

const SAMPLES: readonly (readonly [rule: string, subject: PresentationSubject])[] = [
  ["target-durations-differ", presentation((text) => text.replace("DURATION:2", "DURATION:3"))],
  ["server-controls-differ", presentation((text) => text.replace("HOLD-BACK=1.5", "HOLD-BACK=2"))],
  ["server-controls-differ", presentation((text) => text.replace(/#EXT-X-SERVER.*\n/, ""))],
  ["playlist-types-differ", presentation((text) => text.replace("#EXTINF", "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXTINF"))],
  ["date-time-in-some", presentation((text) => text.replace(/#EXT-X-PROGRAM.*\n/, ""))],
  ["rendition-report-missing", presentation((text) => text.replace(/#EXT-X-RENDITION.*\n/, ""))],
  ["rendition-report-unknown", presentation((text) => text + reports("other"))],
  ["rendition-report-unknown", presentation((text) => text + reports("audio"))],
  ["variants-numbered-apart", presentation((text) => text.replace("00.000Z", "00.500Z"), "VARIANT")],
  ["variants-numbered-apart", presentation((text) => text.replace("EXTINF:2.0", "EXTINF:1.9"), "VARIANT")],
  ["variants-numbered-apart", variantsInParts([0.5, 0.5, 0.5, 0.5], [0.5, 1.5])],
  ["i-frame-playlist-untagged", presentation(same, "I-FRAMES")],
  [
    "independent-segments-twice",
    presentation(
      (text) => text.replace("#EXTINF", "#EXT-X-INDEPENDENT-SEGMENTS\n#EXTINF"),
      "AUDIO",
      "#EXT-X-INDEPENDENT-SEGMENTS\n",
    ),
  ],
];

const bandwidth = (more: Partial<BandwidthSubject>): BandwidthSubject => ({
  line: 3,
  bandwidth: 1_000_000,
  averageBandwidth: 800_000,
  peak: 990_000,
  average: 790_000,
  measured: 900,
  live: false,
  ...more,
});

const BANDWIDTHS: readonly (readonly [rule: string, subject: BandwidthSubject])[] = [
  ["bandwidth-exceeded", bandwidth({ peak: 1_110_000 })],
  ["bandwidth-exceeded", bandwidth({ peak: 1_260_000, live: true })],
  ["average-bandwidth-exceeded", bandwidth({ average: 890_000 })],
  ["average-bandwidth-exceeded", bandwidth({ average: 890_000, live: true })],
  ["bandwidth-overstated", bandwidth({ peak: 800_000 })],
];

function rulesIn<Subject>(rules: readonly CheckedRule<Subject>[], subject: Subject): string[] {
  const found = new Set<string>();
  applyRules(rules, subject, BASE, ({ rule }) => found.add(rule));
  return [...found];
}

describe("the playlists of a presentation", () => {
  test("that agree: nothing is found", () => {
    expect(rulesIn(PRESENTATION_RULES, presentation())).toEqual([]);
    expect(rulesIn(PRESENTATION_RULES, variantsInParts([0.5, 1.5], [0.5, 1.5]))).toEqual([]);
  });

  test.each(SAMPLES)("%s", (rule, subject) => {
    expect(rulesIn(PRESENTATION_RULES, subject)).toEqual([rule]);
  });

  test.each(BANDWIDTHS)("%s", (rule, subject) => {
    expect(rulesIn(BANDWIDTH_RULES, subject)).toEqual([rule]);
  });

  test("bit rates within their limits: nothing is found", () => {
    expect(rulesIn(BANDWIDTH_RULES, bandwidth({}))).toEqual([]);
    expect(
      rulesIn(BANDWIDTH_RULES, bandwidth({ live: true, peak: 1_240_000, average: 890_000, measured: 60 })),
    ).toEqual([]);
  });

  test("bitrate-wrong", () => {
    const segment = { msn: 1, duration: 2, bytes: 250_000 };
    expect(rulesIn(BITRATE_RULES, { ...segment, bitrate: 1000 })).toEqual([]);
    expect(rulesIn(BITRATE_RULES, segment)).toEqual([]);
    for (const bitrate of [880, 1120])
      expect(rulesIn(BITRATE_RULES, { ...segment, bitrate })).toEqual(["bitrate-wrong"]);
  });

  test("each rule has a sample", () => {
    const samples = [...SAMPLES, ...BANDWIDTHS].map(([rule]) => rule);
    expect(samples).toEqual(expect.arrayContaining([...PRESENTATION_RULES, ...BANDWIDTH_RULES].map(({ id }) => id)));
  });

  test("the peak is that of any neighbours of half a target duration to one and a half", () => {
    const segment = (msn: number, duration: number, bytes: number) => ({ msn, duration, bytes });
    // A short one counts together with its neighbours only.
    expect(peakBitRate([segment(1, 4, 500_000), segment(2, 1, 500_000), segment(3, 4, 500_000)], 4)).toBe(1_600_000);
    // Those that are not neighbours do not count together.
    expect(peakBitRate([segment(1, 4, 500_000), segment(3, 1, 500_000)], 4)).toBe(1_000_000);
    expect(averageBitRate([segment(1, 4, 500_000), segment(2, 1, 500_000)])).toBe(1_600_000);
  });
});

describe("rendition reports over time", () => {
  const video = (parts: number, reported: number): FoundMediaPlaylist =>
    media(
      "video.m3u8",
      `${LIVE.split("#EXT-X-PART:")[0]}${[...Array(parts).keys()].map((part) => `#EXT-X-PART:DURATION=0.5,URI="11.${part}.m4s"\n`).join("")}#EXT-X-RENDITION-REPORT:URI="audio.m3u8",LAST-MSN=11,LAST-PART=${reported}\n`,
    );
  const complete = (parts: number): FoundMediaPlaylist => ({
    ...media(
      "audio.m3u8",
      `${LIVE.split("#EXT-X-PART:")[0]}${[...Array(parts).keys()].map((part) => `#EXT-X-PART:DURATION=0.5,URI="11.${part}.m4s"\n`).join("")}#EXTINF:${parts / 2},\n11.m4s\n`,
    ),
    url: `${BASE}audio.m3u8?_HLS_msn=11`,
  });
  const audio = (parts: number): FoundMediaPlaylist => ({
    ...video(parts, 0),
    url: `${BASE}audio.m3u8?_HLS_msn=11`,
    reports: [],
  });

  test.each<[string, { playlist: FoundMediaPlaylist; sentAt: number; arrivedAt: number }[], number]>([
    [
      "as it is",
      [
        { playlist: audio(2), sentAt: 0, arrivedAt: 10 },
        { playlist: video(2, 1), sentAt: 0, arrivedAt: 500 },
      ],
      0,
    ],
    [
      "one part behind, for a moment",
      [
        { playlist: audio(2), sentAt: 0, arrivedAt: 300 },
        { playlist: video(2, 0), sentAt: 0, arrivedAt: 700 },
      ],
      0,
    ],
    [
      "behind for longer",
      [
        { playlist: audio(3), sentAt: 0, arrivedAt: 10 },
        { playlist: video(2, 1), sentAt: 0, arrivedAt: 2000 },
      ],
      1,
    ],
    [
      "the last part of a segment that is complete",
      [
        { playlist: complete(3), sentAt: 0, arrivedAt: 10 },
        { playlist: video(3, 2), sentAt: 0, arrivedAt: 2000 },
      ],
      0,
    ],
    [
      "not the last part of a segment that is complete",
      [
        { playlist: complete(3), sentAt: 0, arrivedAt: 10 },
        { playlist: video(3, 1), sentAt: 0, arrivedAt: 2000 },
      ],
      1,
    ],
    [
      "ahead",
      [
        { playlist: video(2, 3), sentAt: 0, arrivedAt: 10 },
        { playlist: audio(2), sentAt: 20, arrivedAt: 30 },
      ],
      1,
    ],
    [
      "ahead of what was asked for before",
      [
        { playlist: video(2, 3), sentAt: 0, arrivedAt: 10 },
        { playlist: audio(2), sentAt: 5, arrivedAt: 30 },
      ],
      0,
    ],
  ])("%s", (_name, observations, count) => {
    const found: Finding[] = [];
    const history = new ReportHistory((finding) => found.push(finding));
    for (const observation of observations) history.observe(observation);
    expect(found.map(({ rule }) => rule)).toEqual(Array(count).fill("rendition-report-wrong"));
  });
});
