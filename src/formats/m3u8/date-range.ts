import type { DateRange } from "../../media/date-range.ts";
import { formatSeconds } from "./attributes.ts";

/** An EXT-X-DATERANGE line (RFC 8216bis 4.4.5.1). What a quoted string cannot hold is left out of it (4.2). */
export function formatDateRange(range: DateRange): string {
  const { start, duration, plannedDuration, scte35 } = range;
  const attributes = [`ID=${quoted(range.id)}`];
  if (range.class !== undefined) attributes.push(`CLASS=${quoted(range.class)}`);
  attributes.push(`START-DATE="${new Date(start).toISOString()}"`);
  if (duration !== undefined) attributes.push(`DURATION=${formatSeconds(duration)}`);
  if (plannedDuration !== undefined) attributes.push(`PLANNED-DURATION=${formatSeconds(plannedDuration)}`);
  for (const [name, value] of Object.entries(range.attributes ?? {})) {
    attributes.push(`X-${name}=${formatValue(value)}`);
  }
  if (scte35) attributes.push(`SCTE35-${scte35.kind}=0x${scte35.section.toHex().toUpperCase()}`);
  if (range.endOnNext) attributes.push("END-ON-NEXT=YES");
  return `#EXT-X-DATERANGE:${attributes.join(",")}\n`;
}

function formatValue(value: string | number | Uint8Array): string {
  if (typeof value === "number") return formatSeconds(value);
  return typeof value === "string" ? quoted(value) : `0x${value.toHex().toUpperCase()}`;
}

/** Line feeds, carriage returns, quotes and other control characters have no place in a playlist. */
function quoted(text: string): string {
  return `"${text.normalize("NFC").replace(/[\u0000-\u001f\u007f-\u009f"]/g, "")}"`;
}
