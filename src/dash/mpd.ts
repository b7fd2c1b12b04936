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
  /** With `$Time$`. */
  readonly media: string;
  readonly segments: readonly { readonly start: Ticks; readonly duration: Ticks }[];
};

/** Writes it as text. */
export function formatMpd(mpd: Mpd): string {
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>'];
  const { minimumUpdatePeriod, mediaPresentationDuration } = mpd;
  lines.push(
    open("MPD", {
      xmlns: "urn:mpeg:dash:schema:mpd:2011",
      profiles: "urn:mpeg:dash:profile:isoff-live:2011",
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
  for (const period of mpd.periods) addPeriod(lines, period);
  if (mpd.clock) {
    const { scheme, value } = mpd.clock;
    lines.push(`  ${open("UTCTiming", { schemeIdUri: `urn:mpeg:dash:utc:${scheme}:2014`, value }, "/>")}`);
  }
  lines.push("</MPD>", "");
  return lines.join("\n");
}

function addPeriod(lines: string[], { id, start, duration, sets }: Period): void {
  lines.push(`  ${open("Period", { id, start: toDuration(start), duration: duration && toDuration(duration) })}`);
  for (const set of sets) addSet(lines, set);
  lines.push("  </Period>");
}

function addSet(lines: string[], { id, kind, language, label, isMain, representations }: AdaptationSet): void {
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
  const { timescale, presentationTimeOffset, initialization, media, segments } = template;
  const attributes = {
    timescale,
    presentationTimeOffset,
    initialization,
    media,
  };
  lines.push(`        ${open("SegmentTemplate", attributes)}`, "          <SegmentTimeline>");
  let end: Ticks | undefined;
  for (let at = 0; at < segments.length; ) {
    const { start, duration } = segments[at] as SegmentTemplate["segments"][number];
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
