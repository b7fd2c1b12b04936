import { MalformedError } from "../bytes/errors.ts";
import { decodeAmf0 } from "../formats/amf/amf0.ts";
import { type AmfObject, type AmfValue, isAmfObject } from "../formats/amf/value.ts";
import { decodeSpliceInfo } from "../formats/scte35/splice-info.ts";
import type { DateRange } from "../media/date-range.ts";
import type { DataEvent } from "../media/event.ts";
import type { Millis } from "../media/time.ts";

/** Attributes taken from one message, and the longest of their values. */
const MAX_ATTRIBUTES = 16;
const MAX_VALUE = 1_024;
/** Breaks that have begun and whose end is still to come. */
const MAX_OPEN_BREAKS = 16;

/**
 * Makes date ranges of a stream's timed data: onCuePoint, onTextData and SCTE 35 in AMF (as encoders send it over RTMP), and
 * SCTE 35 as it is. What else encoders send, some of it with each frame, makes none.
 */
export class TimedData {
  #count = 0;
  /** By splice event. */
  readonly #breaks = new Map<number, { readonly id: string; readonly start: Millis }>();

  /** @param start wall clock of the event */
  toDateRange(event: DataEvent, start: Millis): DateRange | undefined {
    try {
      if (event.kind === "scte35") return this.#splice(event.value, start);
      return event.kind === "amf" ? this.#script(event.value, start) : undefined;
    } catch (error) {
      if (error instanceof MalformedError) return undefined;
      throw error;
    }
  }

  #script(message: Uint8Array, start: Millis): DateRange | undefined {
    const [name, ...values] = decodeAmf0(message, 1);
    if (typeof name !== "string") return undefined;
    const body = values.find((value): value is AmfObject => value !== undefined && isAmfObject(value)) ?? {};
    const isSplice = /^onscte-?35$/i.test(name);
    if (isSplice || /^oncuepoint$/i.test(name)) {
      const section = spliceIn(body) ?? values.map(toSection).find((found) => found !== undefined);
      if (section) return this.#splice(section, start);
      return isSplice ? undefined : this.#cue("onCuePoint", body, start);
    }
    return /^ontextdata$/i.test(name) ? this.#cue("onTextData", body, start) : undefined;
  }

  #cue(className: string, body: AmfObject, start: Millis): DateRange {
    const attributes: Record<string, string | number> = {};
    collect(body, "", attributes);
    return { id: `${className}-${start}-${this.#count++}`, class: className, start, attributes };
  }

  #splice(section: Uint8Array, start: Millis): DateRange {
    const { eventId, direction, duration } = decodeSpliceInfo(section);
    if (eventId === undefined || direction === undefined) {
      return { id: `scte35-${start}-${this.#count++}`, start, scte35: { kind: "CMD", section } };
    }
    const open = this.#breaks.get(eventId);
    if (direction === "in" && open) {
      this.#breaks.delete(eventId);
      const elapsed = Math.max(0, start - open.start) / 1000;
      return { id: open.id, start: open.start, duration: elapsed, scte35: { kind: "IN", section } };
    }
    // Encoders repeat what they announce.
    const id = open?.id ?? `splice-${eventId}-${start}`;
    if (direction === "in") return { id, start, scte35: { kind: "IN", section } };
    const range: DateRange = {
      id,
      start: open?.start ?? start,
      plannedDuration: duration,
      scte35: { kind: "OUT", section },
    };
    if (!open) {
      if (this.#breaks.size === MAX_OPEN_BREAKS) this.#breaks.delete(this.#breaks.keys().next().value ?? 0);
      this.#breaks.set(eventId, { id, start });
    }
    return range;
  }
}

/** The first value in an object, or in its objects, that holds a section. */
function spliceIn(body: AmfObject): Uint8Array | undefined {
  for (const value of Object.values(body)) {
    const section = value !== undefined && isAmfObject(value) ? spliceIn(value) : toSection(value);
    if (section) return section;
  }
  return undefined;
}

/** Bytes, or base64 or hexadecimal text of them, that begin as a section does and are as long as it says. */
function toSection(value: AmfValue): Uint8Array | undefined {
  const bytes = typeof value === "string" ? fromText(value) : value instanceof Uint8Array ? value.slice() : undefined;
  if (!bytes || bytes.length < 17 || bytes[0] !== 0xfc) return undefined;
  const length = ((((bytes[1] as number) & 0x0f) << 8) | (bytes[2] as number)) + 3;
  return length <= bytes.length ? bytes.subarray(0, length) : undefined;
}

function fromText(text: string): Uint8Array | undefined {
  if (text.length < 17 || text.length > 8_192) return undefined;
  try {
    if (/^(?:0x)?fc(?:[0-9a-f]{2})+$/i.test(text)) return Uint8Array.fromHex(text.replace(/^0x/i, ""));
    return /^\/[A-Za-z0-9+/]+=*$/.test(text) ? Uint8Array.fromBase64(text) : undefined;
  } catch {
    return undefined;
  }
}

function collect(body: AmfObject, prefix: string, into: Record<string, string | number>): void {
  for (const [key, value] of Object.entries(body)) {
    if (Object.keys(into).length >= MAX_ATTRIBUTES) return;
    const name = `${prefix}${key.toUpperCase().replace(/[^A-Z0-9]+/g, "-")}`.slice(0, 64);
    if (name === "" || name === "-") continue;
    if (typeof value === "string") into[name] = value.slice(0, MAX_VALUE);
    else if (typeof value === "boolean") into[name] = value ? "true" : "false";
    else if (typeof value === "number" && Number.isFinite(value)) {
      // Decimals cannot be negative, nor of any size.
      into[name] = value >= 0 && value < 1e15 ? value : String(value);
    } else if (value !== undefined && isAmfObject(value) && prefix === "") collect(value, `${name}-`, into);
  }
}
