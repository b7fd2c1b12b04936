import { expect, test } from "bun:test";
import { formatMpd, type Mpd, type SegmentTemplate } from "./mpd.ts";

type Listed = Extract<SegmentTemplate, { readonly segments: unknown }>;

const template = (segments: Listed["segments"]): SegmentTemplate => ({
  timescale: 90_000,
  presentationTimeOffset: 900_000,
  initialization: "main/init-7.mp4",
  media: "main/t$Time$.m4s",
  segments,
});

function mpd(segments: Listed["segments"], more: Partial<Mpd> = {}, label?: string): Mpd {
  const representation = { id: "main", codecs: ["avc1.64001E"], bandwidth: 1_000_000, template: template(segments) };
  const set = { id: 0, kind: "video", language: undefined, label, isMain: true, reference: undefined } as const;
  return {
    availabilityStartTime: Date.UTC(2025, 0, 1),
    publishTime: Date.UTC(2025, 0, 1, 0, 0, 30),
    clock: undefined,
    minimumUpdatePeriod: 2,
    mediaPresentationDuration: undefined,
    timeShiftBufferDepth: 30,
    minBufferTime: 2,
    maxSegmentDuration: 2,
    suggestedPresentationDelay: 6,
    latency: undefined,
    periods: [{ id: "7", start: 10.5, duration: undefined, sets: [{ ...set, representations: [representation] }] }],
    ...more,
  };
}

const timeline = (text: string): string[] => [...text.matchAll(/<S [^>]*>/g)].map(([entry]) => entry);

test.each<[string, readonly (readonly [number, number])[], readonly string[]]>([
  ["one", [[0, 10]], ['<S t="0" d="10"/>']],
  [
    "equal ones are one line",
    [
      [5, 10],
      [15, 10],
      [25, 10],
    ],
    ['<S t="5" d="10" r="2"/>'],
  ],
  [
    "uneven ones follow without a time",
    [
      [5, 10],
      [15, 12],
      [27, 10],
    ],
    ['<S t="5" d="10"/>', '<S d="12"/>', '<S d="10"/>'],
  ],
  [
    "behind a hole with a time",
    [
      [5, 10],
      [15, 10],
      [40, 10],
    ],
    ['<S t="5" d="10" r="1"/>', '<S t="40" d="10"/>'],
  ],
])("segments: %s", (_, segments, expected) => {
  const text = formatMpd(mpd(segments.map(([start, duration]) => ({ start, duration }))));
  expect(timeline(text)).toEqual([...expected]);
});

test("times and dates", () => {
  const text = formatMpd(
    mpd([{ start: 0, duration: 10 }], { clock: { scheme: "direct", value: "2025-01-01T00:00:31Z" } }),
  );
  expect(text).toContain('availabilityStartTime="2025-01-01T00:00:00.000Z" publishTime="2025-01-01T00:00:30.000Z"');
  expect(text).toContain('minimumUpdatePeriod="PT2S" timeShiftBufferDepth="PT30S"');
  expect(text).toContain('<Period id="7" start="PT10.5S">');
  expect(text).toContain('<UTCTiming schemeIdUri="urn:mpeg:dash:utc:direct:2014" value="2025-01-01T00:00:31Z"/>');
});

test("what has ended is not read again", () => {
  const text = formatMpd(mpd([], { minimumUpdatePeriod: undefined, mediaPresentationDuration: 40.25 }));
  expect(text).toContain('mediaPresentationDuration="PT40.25S"');
  expect(text).not.toContain("minimumUpdatePeriod");
});

test("no text of an encoder gets out of its place", () => {
  const text = formatMpd(mpd([], {}, 'a<b>&"c"\u0000'));
  expect(text).toContain("<Label>a&lt;b&gt;&amp;&quot;c&quot;\ufffd</Label>");
});

test.each([
  [25, "25"],
  [30_000 / 1001, "30000/1001"],
  [12.5, "12500/1000"],
])("frame rate %d", (rate, expected) => {
  const made = mpd([]);
  const [period] = made.periods;
  const [set] = period?.sets ?? [];
  const [representation] = set?.representations ?? [];
  if (!period || !set || !representation) throw new Error("nothing to change");
  const sets = [{ ...set, representations: [{ ...representation, frameRate: rate }] }];
  expect(formatMpd({ ...made, periods: [{ ...period, sets }] })).toContain(`frameRate="${expected}"`);
});

test("low latency: whole milliseconds, and a reference of its own in each set", () => {
  const made = mpd([], { latency: { target: 2.335, min: 1.1675, max: 7.005 } });
  const foretold = {
    timescale: 90_000,
    presentationTimeOffset: 900_000,
    initialization: "main/init-7.mp4",
    media: "main/$Number$.m4s",
    duration: 180_180,
    startNumber: 7,
    endNumber: undefined,
    availabilityTimeOffset: 1.602,
  };
  const periods = made.periods.map((period) => ({
    ...period,
    sets: [3, 4].map((id) => ({
      ...(period.sets[0] as (typeof period.sets)[number]),
      id,
      reference: { wallclock: Date.UTC(2025, 0, 1), time: 900_000 },
      representations: [{ id: "main", codecs: ["avc1.64001E"], bandwidth: 1, template: foretold }],
    })),
  }));
  const text = formatMpd({ ...made, periods });
  expect(text).toContain('<Latency target="2335" min="1168" max="7005" referenceId="0"/>');
  expect(text).toContain("urn:mpeg:dash:profile:cmaf:2019");
  const ids = [
    ...text.matchAll(/<ProducerReferenceTime id="(\d+)" type="encoder" wallClockTime="2025-01-01T00:00:00.000Z"/g),
  ];
  expect(ids.map(([, id]) => id)).toEqual(["3", "4"]);
  expect(text).toContain(
    'duration="180180" startNumber="7" availabilityTimeOffset="1.602" availabilityTimeComplete="false"/>',
  );
  expect(text).not.toContain("SegmentTimeline");
});
