import type { Millis, Ticks } from "../media/time.ts";

/** A media presentation description (ISO/IEC 23009-1) of a live stream; times in seconds unless they are ticks or wall clock. */
export type Mpd = {
  readonly availabilityStartTime: Millis;
  /** Wall clock of the latest change. */
  readonly publishTime: Millis;
  /** What players set their clocks by: a scheme of 23009-1 5.8.5.7, and its value. */
  readonly clock: { readonly scheme: "direct" | "ntp" | "http-head" | "http-iso"; readonly value: string } | undefined;
  /** Undefined once nothing will be added. */
  readonly minimumUpdatePeriod: number | undefined;
  /** Once nothing will be added: where the last period ends. */
  readonly mediaPresentationDuration: number | undefined;
  readonly timeShiftBufferDepth: number;
  readonly minBufferTime: number;
  readonly maxSegmentDuration: number;
  readonly suggestedPresentationDelay: number;
  /** How far behind the live edge players shall stay, where segments may be read while they are made. */
  readonly latency: { readonly target: number; readonly min: number; readonly max: number } | undefined;
  readonly periods: readonly Period[];
};

export type Period = {
  readonly id: string;
  readonly start: number;
  /** Where the next one does not begin at its end. */
  readonly duration: number | undefined;
  readonly sets: readonly AdaptationSet[];
};

export type AdaptationSet = {
  readonly id: number;
  readonly kind: "video" | "audio";
  readonly language: string | undefined;
  readonly label: string | undefined;
  /** The one to begin with, of several. */
  readonly isMain: boolean;
  /** When something in it was captured: the wall clock of a time on the media's timeline, in ticks of the template. */
  readonly reference: { readonly wallclock: Millis; readonly time: Ticks } | undefined;
  readonly representations: readonly Representation[];
};

export type Representation = {
  readonly id: string;
  readonly codecs: readonly string[];
  /** Bits per second. */
  readonly bandwidth: number;
  readonly resolution?: { readonly width: number; readonly height: number };
  readonly sar?: { readonly width: number; readonly height: number };
  readonly frameRate?: number;
  readonly channels?: number;
  readonly sampleRate?: number;
  readonly template: SegmentTemplate;
};

export type SegmentTemplate = {
  readonly timescale: number;
  /** Where the period begins on the media timeline. */
  readonly presentationTimeOffset: Ticks;
  readonly initialization: string;
  /** With `$Time$`, or `$Number$`. */
  readonly media: string;
} & (ListedSegments | ForetoldSegments);

type ListedSegments = { readonly segments: readonly { readonly start: Ticks; readonly duration: Ticks }[] };

/** All of the same length, and each there to be read before it is complete. */
type ForetoldSegments = {
  readonly duration: Ticks;
  readonly startNumber: number;
  /** Of a period that has ended. */
  readonly endNumber: number | undefined;
  /** How long before its end a segment may be asked for; seconds. */
  readonly availabilityTimeOffset: number;
};

/** Writes it as text. */
export function formatMpd(mpd: Mpd): string {
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>'];
  const { minimumUpdatePeriod, mediaPresentationDuration, latency } = mpd;
  lines.push(
    open("MPD", {
      xmlns: "urn:mpeg:dash:schema:mpd:2011",
      profiles: latency ? `${LIVE},${LOW_LATENCY}` : LIVE,
      type: "dynamic",
      availabilityStartTime: toDateTime(mpd.availabilityStartTime),
      publishTime: toDateTime(mpd.publishTime),
      mediaPresentationDuration: mediaPresentationDuration && toDuration(mediaPresentationDuration),
      minimumUpdatePeriod: minimumUpdatePeriod && toDuration(minimumUpdatePeriod),
      timeShiftBufferDepth: toDuration(mpd.timeShiftBufferDepth),
      minBufferTime: toDuration(mpd.minBufferTime),
      maxSegmentDuration: toDuration(mpd.maxSegmentDuration),
      suggestedPresentationDelay: toDuration(mpd.suggestedPresentationDelay),
    }),
  );
  if (latency) addService(lines, latency);
  for (const period of mpd.periods) addPeriod(lines, period);
  if (mpd.clock) {
    const { scheme, value } = mpd.clock;
    lines.push(`  ${open("UTCTiming", { schemeIdUri: `urn:mpeg:dash:utc:${scheme}:2014`, value }, "/>")}`);
  }
  lines.push("</MPD>", "");
  return lines.join("\n");
}

const LIVE = "urn:mpeg:dash:profile:isoff-live:2011";
const LOW_LATENCY = "urn:mpeg:dash:profile:cmaf:2019,http://www.dashif.org/guidelines/low-latency-live-v5";
/** How much faster or slower players may play to stay where they shall be: nobody hears it. */
const PLAYBACK_RATE = { min: 0.96, max: 1.04 };
/** The first set, whose `reference` latencies are measured by. */
const REFERENCE_ID = 0;

/** Of latencies in milliseconds (23009-1 K.3.2). */
function addService(lines: string[], { target, min, max }: NonNullable<Mpd["latency"]>): void {
  const millis = { target: Math.round(target * 1000), min: Math.round(min * 1000), max: Math.round(max * 1000) };
  lines.push(
    `  ${open("ServiceDescription", { id: 0 })}`,
    `    ${open("Latency", { ...millis, referenceId: REFERENCE_ID }, "/>")}`,
    `    ${open("PlaybackRate", PLAYBACK_RATE, "/>")}`,
    "  </ServiceDescription>",
  );
}

function addPeriod(lines: string[], { id, start, duration, sets }: Period): void {
  lines.push(`  ${open("Period", { id, start: toDuration(start), duration: duration && toDuration(duration) })}`);
  for (const set of sets) addSet(lines, set);
  lines.push("  </Period>");
}

function addSet(lines: string[], set: AdaptationSet): void {
  const { id, kind, language, label, isMain, reference, representations } = set;
  const attributes = {
    id,
    contentType: kind,
    mimeType: `${kind}/mp4`,
    lang: language,
    segmentAlignment: "true",
    startWithSAP: 1,
  };
  lines.push(`    ${open("AdaptationSet", attributes)}`);
  if (label !== undefined) lines.push(`      <Label>${escapeXml(label)}</Label>`);
  if (reference) {
    const { time, wallclock } = reference;
    const times = { wallClockTime: toDateTime(wallclock), presentationTime: time };
    const clock = { schemeIdUri: "urn:mpeg:dash:utc:direct:2014", value: times.wallClockTime };
    lines.push(
      `      ${open("ProducerReferenceTime", { id, type: "encoder", ...times, inband: "false" })}`,
      // Shaka Player takes the time for one of NTP without.
      `        ${open("UTCTiming", clock, "/>")}`,
      "      </ProducerReferenceTime>",
    );
  }
  lines.push(`      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="${isMain ? "main" : "alternate"}"/>`);
  for (const representation of representations) addRepresentation(lines, representation);
  lines.push("    </AdaptationSet>");
}

function addRepresentation(lines: string[], representation: Representation): void {
  const { id, codecs, bandwidth, resolution, sar, frameRate, channels, sampleRate, template } = representation;
  const attributes = {
    id,
    codecs: codecs.join(","),
    bandwidth,
    width: resolution?.width,
    height: resolution?.height,
    sar: sar && `${sar.width}:${sar.height}`,
    frameRate: frameRate && toFrameRate(frameRate),
    audioSamplingRate: sampleRate,
  };
  lines.push(`      ${open("Representation", attributes)}`);
  if (channels !== undefined) {
    const scheme = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011";
    lines.push(`        <AudioChannelConfiguration schemeIdUri="${scheme}" value="${channels}"/>`);
  }
  addTemplate(lines, template);
  lines.push("      </Representation>");
}

function addTemplate(lines: string[], template: SegmentTemplate): void {
  const { timescale, presentationTimeOffset, initialization, media } = template;
  const attributes = { timescale, presentationTimeOffset, initialization, media };
  if ("duration" in template) {
    const { duration, startNumber, endNumber, availabilityTimeOffset } = template;
    const foretold = { duration, startNumber, endNumber, availabilityTimeOffset, availabilityTimeComplete: "false" };
    lines.push(`        ${open("SegmentTemplate", { ...attributes, ...foretold }, "/>")}`);
    return;
  }
  const { segments } = template;
  lines.push(`        ${open("SegmentTemplate", attributes)}`, "          <SegmentTimeline>");
  let end: Ticks | undefined;
  for (let at = 0; at < segments.length; ) {
    const { start, duration } = segments[at] as ListedSegments["segments"][number];
    let repeated = 0;
    let next = segments[at + 1];
    while (next && next.duration === duration && next.start === start + (repeated + 1) * duration) {
      repeated++;
      next = segments[at + repeated + 1];
    }
    const t = start === end ? undefined : start;
    lines.push(`            ${open("S", { t, d: duration, r: repeated > 0 ? repeated : undefined }, "/>")}`);
    end = start + (repeated + 1) * duration;
    at += repeated + 1;
  }
  lines.push("          </SegmentTimeline>", "        </SegmentTemplate>");
}

type Attributes = Readonly<Record<string, string | number | undefined>>;

function open(name: string, attributes: Attributes, end = ">"): string {
  let text = `<${name}`;
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) text += ` ${key}="${escapeXml(String(value))}"`;
  }
  return text + end;
}

/** XML 1.0 has no way to write control characters. */
function escapeXml(text: string): string {
  return text.replace(/[&<>"'\u0000-\u001f\u007f\ufffe\uffff]/g, (character) => ESCAPES[character] ?? "\ufffd");
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** xs:dateTime. */
export function toDateTime(wallclock: Millis): string {
  return new Date(Math.round(wallclock)).toISOString();
}

/** xs:duration. */
function toDuration(seconds: number): string {
  return `PT${Number(seconds.toFixed(3))}S`;
}

/** A whole number, or a fraction of 1001 (23009-1 5.3.7.2). */
function toFrameRate(rate: number): string | undefined {
  if (Math.abs(rate - Math.round(rate)) < 0.005) return String(Math.round(rate));
  const thousands = Math.round((rate * 1001) / 1000) * 1000;
  if (Math.abs(thousands / 1001 - rate) < 0.005) return `${thousands}/1001`;
  return `${Math.round(rate * 1000)}/1000`;
}
