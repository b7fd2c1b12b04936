import { describe, expect, test } from "bun:test";
import { checkPlaylist } from "./check-playlist.ts";
import type { Finding } from "./finding.ts";
import { DATE_RANGE_RULES } from "./rules/date-ranges.ts";
import { LOW_LATENCY_RULES } from "./rules/low-latency.ts";
import { MEDIA_PLAYLIST_RULES } from "./rules/media-playlist.ts";
import { MULTIVARIANT_RULES } from "./rules/multivariant-playlist.ts";
import { TEXT_RULES } from "./rules/text.ts";
import { VERSION_RULES } from "./rules/version.ts";

const URL = "http://example.com/live/main.m3u8?token=1";

/** A recording with nothing wrong. */
const VOD = `#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:4
#EXT-X-PLAYLIST-TYPE:VOD
#EXTINF:4.0,a title, with commas
0.ts
#EXTINF:4.4,
1.ts
#EXTINF:2.5,
2.ts
#EXT-X-ENDLIST
`;

/** A live low-latency playlist with nothing wrong. */
const LIVE = `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12,HOLD-BACK=6,PART-HOLD-BACK=1.5
#EXT-X-PART-INF:PART-TARGET=0.5
#EXT-X-MEDIA-SEQUENCE:10
#EXT-X-DISCONTINUITY-SEQUENCE:1
#EXT-X-MAP:URI="init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z
#EXTINF:2.0,
10.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:02.000Z
#EXTINF:2.0,
11.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:04.000Z
#EXTINF:2.0,
12.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init-2.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:10.000Z
#EXT-X-PART:DURATION=0.5,URI="13.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.45,URI="13.1.m4s"
#EXT-X-PART:DURATION=0.2,URI="13.2.m4s"
#EXTINF:1.15,
13.m4s
#EXT-X-PART:DURATION=0.5,URI="14.0.m4s",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="14.1.m4s"
`;

const MULTIVARIANT = `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="en.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Deutsch",LANGUAGE="de",AUTOSELECT=YES,CHANNELS="2",URI="de.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=2000000,AVERAGE-BANDWIDTH=1500000,CODECS="avc1.64001F,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=30.000,AUDIO="a"
720.m3u8
`;

type Sample = readonly [rule: string, text: string | Uint8Array, also?: readonly string[]];

const bytes = (text: string, ...more: number[]) => new Uint8Array([...new TextEncoder().encode(text), ...more]);
/** Puts a line before the first that begins so. */
const before = (text: string, start: string, line: string) => text.replace(start, `${line}\n${start}`);
const captions = (attributes: string) =>
  before(
    MULTIVARIANT,
    "#EXT-X-STREAM-INF",
    `#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="CC"${attributes}`,
  ).replace('AUDIO="a"', 'AUDIO="a",CLOSED-CAPTIONS="c"');
const range = (attributes: string) => before(LIVE, "#EXTINF", `#EXT-X-DATERANGE:${attributes}`);
const start = 'START-DATE="2026-01-01T00:00:01.000Z"';

const SAMPLES: readonly Sample[] = [
  // Text
  ["no-header", VOD.replace("#EXTM3U\n", "#EXTM3U8\n"), ["tag-unknown"]],
  ["no-header", `\n${VOD}`],
  ["byte-order-mark", `\ufeff${VOD}`],
  ["not-utf8", bytes(VOD.replace("a title", "# "), 0x23, 0xff, 0xfe, 0x0a)],
  ["control-character", VOD.replace("a title", "a\u0007title")],
  ["not-normalized", VOD.replace("a title", "cafe\u0301")],
  ["whitespace", VOD.replace("0.ts", "0.ts ")],
  ["whitespace", LIVE.replace("CAN-SKIP-UNTIL=12,", "CAN-SKIP-UNTIL=12, "), ["attribute-syntax"]],
  ["tag-unknown", before(VOD, "#EXTINF", "#EXT-X-OWN:1")],
  ["tag-unknown", before(VOD, "#EXTINF", "#EXT-X-ALLOW-CACHE:NO")],
  ["tag-value", VOD.replace("4.4,", "4.4")],
  ["tag-value", VOD.replace(":VOD", ":FILM")],
  ["tag-value", VOD.replace("#EXT-X-ENDLIST", "#EXT-X-ENDLIST:YES")],
  ["tag-repeated", VOD.replace("#EXT-X-VERSION:3", "#EXT-X-VERSION:3\n#EXT-X-VERSION:3")],
  ["tag-misplaced", before(MULTIVARIANT, "#EXT-X-STREAM-INF", "#EXT-X-TARGETDURATION:4")],
  ["no-playlist-tags", "#EXTM3U\n#EXT-X-VERSION:1\n"],
  ["attribute-syntax", LIVE.replace("PART-TARGET=0.5", "PART-TARGET=0.5,")],
  ["attribute-syntax", LIVE.replace("PART-TARGET=0.5", "PART-TARGET=0.5,part-target=1")],
  ["attribute-repeated", LIVE.replace("PART-TARGET=0.5", "PART-TARGET=0.5,PART-TARGET=0.5")],
  ["attribute-missing", LIVE.replace('DURATION=0.5,URI="14.0', 'URI="14.0')],
  ["attribute-missing", MULTIVARIANT.replace('GROUP-ID="a",NAME="Deutsch"', 'GROUP-ID="a"')],
  ["attribute-value", LIVE.replace("HOLD-BACK=6", 'HOLD-BACK="6"')],
  ["attribute-value", LIVE.replace("TYPE=PART", 'TYPE="PART"')],
  ["attribute-value", MULTIVARIANT.replace("1280x720", "720p")],
  ["attribute-value", MULTIVARIANT.replace("DEFAULT=YES", "DEFAULT=TRUE")],
  ["attribute-value", range(`ID="1",${start},SCTE35-OUT=0xZZ`)],
  ["attribute-value", range('ID="1",START-DATE="yesterday"')],
  ["attribute-unknown", LIVE.replace("PART-TARGET=0.5", "PART-TARGET=0.5,X-OWN=1")],
  ["uri-invalid", VOD.replace("0.ts", "http://[1]/0.ts")],
  ["version-too-low", VOD.replace("VERSION:3", "VERSION:2")],
  ["version-too-low", LIVE.replace("VERSION:6", "VERSION:5")],
  ["version-too-low", VOD.replace("#EXT-X-VERSION:3\n", "")],
  ["version-too-high", VOD.replace("VERSION:3", "VERSION:7")],
  ["define-form", before(VOD, "#EXTINF", '#EXT-X-DEFINE:NAME="a"').replace("VERSION:3", "VERSION:8")],
  [
    "define-form",
    before(MULTIVARIANT, "#EXT-X-MEDIA", '#EXT-X-DEFINE:IMPORT="a"').replace("VERSION:6", "VERSION:8"),
    ["define-unresolved"],
  ],
  ["define-form", before(VOD, "#EXTINF", '#EXT-X-DEFINE:NAME="a b",VALUE="1"').replace("VERSION:3", "VERSION:8")],
  [
    "define-repeated",
    before(
      before(VOD, "#EXTINF", '#EXT-X-DEFINE:NAME="a",VALUE="1"'),
      "#EXTINF",
      '#EXT-X-DEFINE:QUERYPARAM="a"',
    ).replace("VERSION:3", "VERSION:11"),
    ["define-unresolved"],
  ],
  ["define-unresolved", before(VOD, "#EXTINF", '#EXT-X-DEFINE:QUERYPARAM="b"').replace("VERSION:3", "VERSION:11")],
  ["variable-undefined", VOD.replace("0.ts", "{$a}.ts").replace("VERSION:3", "VERSION:8")],

  // Media playlists
  ["target-duration-missing", VOD.replace("#EXT-X-TARGETDURATION:4\n", "")],
  ["target-duration-missing", VOD.replace("TARGETDURATION:4", "TARGETDURATION:0"), ["extinf-exceeds-target"]],
  ["extinf-exceeds-target", VOD.replace("4.4,", "4.5,")],
  ["extinf-missing", VOD.replace("#EXTINF:4.4,\n", "")],
  ["segment-without-uri", VOD.replace("1.ts\n", "")],
  ["segment-without-uri", VOD.replace("2.ts\n", "")],
  ["segment-without-duration", VOD.replace("4.4,", "0.0,")],
  ["sequence-tag-late", VOD.replace("1.ts", "1.ts\n#EXT-X-MEDIA-SEQUENCE:4")],
  [
    "sequence-tag-late",
    before(LIVE.replace("#EXT-X-DISCONTINUITY-SEQUENCE:1\n", ""), "10.m4s", "#EXT-X-DISCONTINUITY-SEQUENCE:1"),
  ],
  ["discontinuity-sequence-missing", LIVE.replace("#EXT-X-DISCONTINUITY-SEQUENCE:1\n", "")],
  ["byte-range-without-offset", before(VOD, "1.ts", "#EXT-X-BYTERANGE:100").replace("VERSION:3", "VERSION:4")],
  ["segment-listed-twice", VOD.replace("1.ts", "0.ts")],
  ["key-form", before(VOD, "#EXTINF", "#EXT-X-KEY:METHOD=AES-128")],
  ["key-form", before(VOD, "#EXTINF", '#EXT-X-KEY:METHOD=NONE,URI="key"')],
  ["key-form", before(VOD, "#EXTINF", `#EXT-X-KEY:METHOD=AES-128,URI="key",IV=0x${"0".repeat(34)}`)],
  [
    "key-form",
    before(VOD, "#EXTINF", '#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI="key",IV=0x1').replace("VERSION:3", "VERSION:5"),
  ],
  ["map-encrypted-without-iv", before(LIVE, "#EXT-X-MAP", '#EXT-X-KEY:METHOD=AES-128,URI="key"')],
  ["date-time-form", LIVE.replace("00:00:02.000Z", "00:00:02Z")],
  ["date-time-form", LIVE.replace("00:00:02.000Z", "00:00:02.000")],
  ["date-time-missing", LIVE.replace(/#EXT-X-PROGRAM.*\n/g, "")],
  ["date-time-after-discontinuity", LIVE.replace(/#EXT-X-PROGRAM.*10.000Z\n/, "")],
  ["date-time-ambiguous", LIVE.replace("00:00:04.000Z", "00:00:02.900Z"), ["date-time-disagrees"]],
  ["date-time-disagrees", LIVE.replace("00:00:04.000Z", "00:00:04.300Z")],
  ["start-outside", before(VOD, "#EXTINF", "#EXT-X-START:TIME-OFFSET=20")],
  ["start-outside", before(LIVE, "#EXT-X-MAP", "#EXT-X-START:TIME-OFFSET=-5")],

  // Low latency
  ["hold-back-short", LIVE.replace("HOLD-BACK=6", "HOLD-BACK=5.9")],
  ["part-hold-back-missing", LIVE.replace(",PART-HOLD-BACK=1.5", "")],
  ["part-hold-back-short", LIVE.replace("PART-HOLD-BACK=1.5", "PART-HOLD-BACK=0.9")],
  ["part-hold-back-tight", LIVE.replace("PART-HOLD-BACK=1.5", "PART-HOLD-BACK=1.2")],
  ["skip-boundary-short", LIVE.replace("CAN-SKIP-UNTIL=12", "CAN-SKIP-UNTIL=11")],
  ["skip-date-ranges-alone", LIVE.replace("CAN-SKIP-UNTIL=12", "CAN-SKIP-DATERANGES=YES")],
  ["part-inf-missing", LIVE.replace("#EXT-X-PART-INF:PART-TARGET=0.5\n", "")],
  ["part-exceeds-target", LIVE.replace('DURATION=0.5,URI="14.0', 'DURATION=0.501,URI="14.0')],
  ["part-too-short", LIVE.replace("DURATION=0.45", "DURATION=0.42").replace("1.15", "1.12")],
  ["parts-unlike-segment", LIVE.replace("1.15", "1.25")],
  ["tag-behind-part", LIVE.replace("#EXTINF:1.15", "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:10.000Z\n#EXTINF:1.15")],
  [
    "parts-listed-long",
    before(LIVE, "10.m4s", '#EXT-X-PART:DURATION=2,URI="x",INDEPENDENT=YES')
      .replace("#EXTINF:1.15", "#EXTINF:2,\n13a.m4s\n#EXTINF:1.15")
      .replace("PART-TARGET=0.5", "PART-TARGET=2")
      .replace("PART-HOLD-BACK=1.5", "PART-HOLD-BACK=6"),
    ["part-too-short", "parts-unlike-segment"],
  ],
  ["parts-announced-only", LIVE.replace(/#EXT-X-PART:.*\n/g, "").replace(/#EXT-X-PRELOAD.*\n/, "")],
  [
    "first-part-not-independent",
    before(LIVE, "#EXT-X-MAP", "#EXT-X-INDEPENDENT-SEGMENTS").replace('"13.0.m4s",INDEPENDENT=YES', '"13.0.m4s"'),
    ["segment-without-independent-part"],
  ],
  ["segment-without-independent-part", LIVE.replace('"13.0.m4s",INDEPENDENT=YES', '"13.0.m4s"')],
  ["hint-missing", LIVE.replace(/#EXT-X-PRELOAD.*\n/, "")],
  ["hint-repeated", `${LIVE}#EXT-X-PRELOAD-HINT:TYPE=PART,URI="14.2.m4s"\n`],
  ["hint-after-end", `${LIVE}#EXT-X-ENDLIST\n`],
  ["hint-listed", LIVE.replace('TYPE=PART,URI="14.1.m4s"', 'TYPE=PART,URI="14.0.m4s"')],
  ["report-uri-absolute", `${LIVE}#EXT-X-RENDITION-REPORT:URI="http://example.com/a.m3u8",LAST-MSN=14,LAST-PART=0\n`],
  ["i-frames-with-parts", before(LIVE, "#EXT-X-MAP", "#EXT-X-I-FRAMES-ONLY")],
  [
    "hold-back-beyond-playlist",
    `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-SERVER-CONTROL:HOLD-BACK=12\n${[0, 1, 2, 3, 4, 5].map((n) => `#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:0${n}.000Z\n#EXTINF:1.0,\n${n}.ts\n`).join("")}`,
  ],

  // Date ranges
  ["date-range-without-date-time", VOD.replace("#EXTINF", `#EXT-X-DATERANGE:ID="1",${start}\n#EXTINF`)],
  ["date-range-start-missing", range('ID="1"')],
  ["date-range-conflict", before(range(`ID="1",${start},DURATION=1`), "#EXTINF", '#EXT-X-DATERANGE:ID="1",DURATION=2')],
  ["date-range-end", range(`ID="1",${start},END-DATE="2026-01-01T00:00:00.000Z"`)],
  ["date-range-end", range(`ID="1",${start},END-DATE="2026-01-01T00:00:05.000Z",DURATION=3`)],
  ["date-range-end-on-next", range(`ID="1",${start},END-ON-NEXT=YES`)],
  ["date-range-end-on-next", range(`ID="1",CLASS="c",${start},END-ON-NEXT=YES,DURATION=1`)],
  ["date-range-cue", range(`ID="1",${start},CUE="PRE,POST"`)],
  ["date-range-asset", range(`ID="1",${start},CLASS="com.apple.hls.interstitial"`)],

  // Multivariant playlists
  ["variants-missing", MULTIVARIANT.replace(/#EXT-X-STREAM-INF.*\n.*\n/, ""), ["group-unused"]],
  ["variant-without-uri", MULTIVARIANT.replace("720.m3u8\n", "")],
  ["variant-without-uri", `${MULTIVARIANT}stray.m3u8\n`],
  ["codecs-missing", MULTIVARIANT.replace(/CODECS="[^"]*",/, "")],
  ["codecs-form", MULTIVARIANT.replace("avc1.64001F", "avc1.77.30")],
  ["codecs-form", MULTIVARIANT.replace("avc1.64001F", "h264")],
  ["resolution-missing", MULTIVARIANT.replace("RESOLUTION=1280x720,", "")],
  ["frame-rate-missing", MULTIVARIANT.replace("FRAME-RATE=30.000,", "")],
  ["average-bandwidth-missing", MULTIVARIANT.replace("AVERAGE-BANDWIDTH=1500000,", "")],
  ["average-bandwidth-above-peak", MULTIVARIANT.replace("AVERAGE-BANDWIDTH=1500000", "AVERAGE-BANDWIDTH=2500000")],
  ["score-partial", `${MULTIVARIANT}${MULTIVARIANT.split("\n").at(-3)},SCORE=2\nx.m3u8\n`],
  ["video-range-partial", `${MULTIVARIANT}${MULTIVARIANT.split("\n").at(-3)},VIDEO-RANGE=PQ\nx.m3u8\n`],
  ["group-undefined", MULTIVARIANT.replace('AUDIO="a"', 'AUDIO="b"'), ["group-unused"]],
  ["group-unused", MULTIVARIANT.replace(',AUDIO="a"', "")],
  ["name-repeated", MULTIVARIANT.replace("Deutsch", "English")],
  ["default-repeated", MULTIVARIANT.replace('LANGUAGE="de"', 'LANGUAGE="de",DEFAULT=YES')],
  ["default-not-autoselect", MULTIVARIANT.replace("DEFAULT=YES,AUTOSELECT=YES", "DEFAULT=YES,AUTOSELECT=NO")],
  ["autoselect-alike", MULTIVARIANT.replace('LANGUAGE="de"', 'LANGUAGE="en"')],
  [
    "groups-unlike",
    before(
      MULTIVARIANT,
      "#EXT-X-STREAM-INF",
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="b",NAME="English",CHANNELS="2",URI="b.m3u8"',
    ),
    ["group-unused"],
  ],
  ["media-uri", captions(',INSTREAM-ID="CC1",URI="x"')],
  ["instream-id", captions(',INSTREAM-ID="CC5"')],
  ["attribute-of-other-type", captions(',INSTREAM-ID="CC1",FORCED=YES')],
  ["channels-missing", MULTIVARIANT.replace(',CHANNELS="2"', "")],
  ["closed-captions-partial", `${MULTIVARIANT}${MULTIVARIANT.split("\n").at(-3)},CLOSED-CAPTIONS=NONE\nx.m3u8\n`],
  ["session-data-form", before(MULTIVARIANT, "#EXT-X-STREAM-INF", '#EXT-X-SESSION-DATA:DATA-ID="a"')],
  ["session-key-form", before(MULTIVARIANT, "#EXT-X-STREAM-INF", '#EXT-X-SESSION-KEY:METHOD=NONE,URI="k"')],
  [
    "pathway-undefined",
    before(MULTIVARIANT, "#EXT-X-STREAM-INF", '#EXT-X-CONTENT-STEERING:SERVER-URI="s",PATHWAY-ID="A"'),
  ],
  [
    "layout-needless",
    MULTIVARIANT.replace('AUDIO="a"', 'AUDIO="a",REQ-VIDEO-LAYOUT="CH-MONO"').replace("VERSION:6", "VERSION:12"),
  ],
];

function check(text: string | Uint8Array): Finding[] {
  const found: Finding[] = [];
  checkPlaylist(text, { url: URL }, (finding) => found.push(finding));
  return found;
}

const rulesIn = (found: readonly Finding[]) => [...new Set(found.map(({ rule }) => rule))].sort();

describe("playlists by themselves", () => {
  test.each([
    ["a recording", VOD],
    ["CRLF", VOD.replaceAll("\n", "\r\n")],
    ["a live one", LIVE],
    ["a multivariant one", MULTIVARIANT],
    [
      "a delta update",
      LIVE.replace("VERSION:6", "VERSION:9").replace(/#EXT-X-MAP[\s\S]*12.m4s/, "#EXT-X-SKIP:SKIPPED-SEGMENTS=3"),
    ],
    [
      "a variable from the query",
      before(VOD, "#EXTINF", '#EXT-X-DEFINE:QUERYPARAM="token"')
        .replace("VERSION:3", "VERSION:11")
        .replace("0.ts", "{$token}-0.ts"),
    ],
    [
      "a discontinuity announced, and no hint",
      `${LIVE.replace(/#EXT-X-PART:.*14.0.*\n.*\n/, "")}#EXT-X-DISCONTINUITY\n`,
    ],
    [
      "an interstitial",
      range(`ID="1",${start},CLASS="com.apple.hls.interstitial",X-ASSET-URI="http://example.com/a",X-RESUME-OFFSET=0`),
    ],
  ])("%s: nothing is found", (_name, text) => {
    expect(check(text)).toEqual([]);
  });

  test.each(SAMPLES)("%s", (rule, text, also = []) => {
    expect(rulesIn(check(text))).toEqual([rule, ...also].sort());
  });

  test("each rule has a sample", () => {
    const rules = [
      TEXT_RULES,
      VERSION_RULES,
      MEDIA_PLAYLIST_RULES,
      LOW_LATENCY_RULES,
      DATE_RANGE_RULES,
      MULTIVARIANT_RULES,
    ];
    expect(SAMPLES.map(([rule]) => rule)).toEqual(expect.arrayContaining(rules.flat().map(({ id }) => id)));
  });

  test("a finding tells the line", () => {
    const [finding] = check(VOD.replace("4.4,", "4.5,"));
    expect(finding).toMatchObject({
      where: URL,
      line: 8,
      message: "segment 1 lasts 4.5 s, the target duration is 4 s",
    });
  });
});
