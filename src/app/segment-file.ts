import type { RenditionEvent } from "../hls/rendition.ts";
import type { RenditionState } from "../hls/rendition-memory.ts";
import type { Track } from "../media/track.ts";
import { decodeRecords } from "./journal-record.ts";

type Init = RenditionEvent & { readonly type: "init" };

/** Of the form of the files: others are left out of account. */
export const FORM = 1;

/** First in the file of a segment: what applies to it. */
export type SegmentFileStart = {
  readonly form: typeof FORM;
  readonly path: string;
  /** The settings that it was made with: with others it is not gone on with. */
  readonly settings: string;
  readonly tracks: readonly Track[];
  readonly packets: RenditionState["packets"];
  readonly discontinuitySequence: number;
  /** The initialization section that it needs. */
  readonly init?: Init;
};

/** What follows. `bytes` of a segment are left out where its parts are there. */
export type SegmentFileEvent = {
  readonly event: RenditionEvent;
  readonly announced?: RenditionState["announced"];
  readonly position?: RenditionState["position"];
};

/** A segment as it was kept. */
export type SegmentFile = {
  readonly start: SegmentFileStart;
  readonly msn: number;
  readonly events: readonly RenditionEvent[];
  readonly announced: RenditionState["announced"];
  readonly position: RenditionState["position"];
  readonly isComplete: boolean;
  /** Seconds. */
  readonly duration: number;
  /** Bytes of the file that are whole. */
  readonly size: number;
};

/** Undefined when there is nothing in it that could be gone on with. */
export function decodeSegmentFile(bytes: Uint8Array): SegmentFile | undefined {
  const { values, size } = decodeRecords(bytes);
  // With the right checksum it is what this code wrote.
  const [start, ...rest] = values as [SegmentFileStart?, ...SegmentFileEvent[]];
  if (start?.form !== FORM) return undefined;
  const parts = rest.flatMap(({ event }) => (event.type === "part" ? event : []));
  const events = rest.map(({ event }) =>
    event.type === "segment" && event.bytes.length === 0 ? { ...event, bytes: parts.map((part) => part.bytes) } : event,
  );
  const open = events.find((event) => event.type === "open");
  const segment = events.find((event) => event.type === "segment");
  if (!open || (!segment && parts.length === 0)) return undefined;
  return {
    start,
    msn: open.msn,
    events,
    announced: rest.findLast(({ announced }) => announced)?.announced,
    position: rest.findLast(({ position }) => position)?.position,
    isComplete: segment !== undefined,
    duration: segment?.duration ?? 0,
    size,
  };
}
