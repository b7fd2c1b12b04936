import type { Millis } from "./time.ts";

/** A span of a stream's wall clock, and what is said of it (EXT-X-DATERANGE, RFC 8216bis 4.4.5.1). */
export type DateRange = {
  /** Of the range, once and for all: a later one of the same id adds to it, and may not say otherwise. */
  readonly id: string;
  readonly class?: string;
  readonly start: Millis;
  /** Seconds. */
  readonly duration?: number;
  /** Seconds. */
  readonly plannedDuration?: number;
  /** Ends where the next of its class begins; then it has a class, and no duration. */
  readonly endOnNext?: boolean;
  /** A splice_info_section (SCTE 35), whole. */
  readonly scte35?: { readonly kind: "CMD" | "OUT" | "IN"; readonly section: Uint8Array };
  /** Further attributes by name, without the `X-`; bytes are written as hexadecimal. */
  readonly attributes?: Readonly<Record<string, string | number | Uint8Array>>;
};
