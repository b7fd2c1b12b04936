import { readFileSync } from "node:fs";
import { ByteReader } from "../../src/bytes/reader.ts";
import { FlvDemuxer } from "../../src/formats/flv/demuxer.ts";
import { readTag } from "../../src/formats/flv/tag.ts";
import { LeadFeed } from "../../src/hls/lead-feed.ts";
import { CmafPackager } from "../../src/hls/packager.ts";
import type { RenditionEvent } from "../../src/hls/rendition.ts";
import type { FeedEvent } from "../../src/hls/rung-feed.ts";
import { PlaylistTargets } from "../../src/hls/targets.ts";
import type { MediaEvent } from "../../src/media/event.ts";

const FLV_HEADER = 13;

/** The events of an FLV file, as a publisher of it would cause them. */
export function eventsOfFlv(file: string): MediaEvent[] {
  const events: MediaEvent[] = [];
  const demuxer = new FlvDemuxer({ onEvent: (event) => events.push(event), onSkipped: () => {} });
  const reader = new ByteReader(readFileSync(file), FLV_HEADER);
  while (reader.left > 0) {
    const { type, timestamp, body } = readTag(reader);
    demuxer.push(type, timestamp, body, timestamp);
  }
  demuxer.end(0);
  return events;
}

/** Packages events as the lead rendition, and gives what it made and the feed of it. */
export function leadOf(events: readonly MediaEvent[]): { readonly feed: FeedEvent[]; readonly lead: RenditionEvent[] } {
  const feed: FeedEvent[] = [];
  const lead: RenditionEvent[] = [];
  const leadFeed = new LeadFeed({ format: "cmaf", lowLatency: true, maxAudioDelay: 300 }, true);
  leadFeed.restart(FIRST_MSN, 0);
  leadFeed.follow((event) => feed.push(event), 0);
  const targets = new PlaylistTargets({ partMs: 400, segmentMs: 2000, maxSegmentMs: 10_000 });
  const options = { targets, lowLatency: true, firstMsn: FIRST_MSN, wallclockAt: (now: number) => WALLCLOCK + now };
  const packager = new CmafPackager({ ...options, feed: leadFeed }, (event) => lead.push(event));
  let now = 0;
  for (const event of events) {
    if (event.type === "packet") now = Math.max(now, (event.dts / 90_000) * 1000);
    leadFeed.now = now;
    if (event.type === "tracks") leadFeed.setTracks(event.tracks, false);
    packager.write(event, now);
  }
  packager.write({ type: "end" }, now);
  return { feed, lead };
}

const FIRST_MSN = 100;
const WALLCLOCK = 1_760_000_000_000;
