import { MalformedError } from "../../bytes/errors.ts";

/**
 * A value of AMF0 or AMF3 in JavaScript.
 *
 * - number, boolean, string, null, undefined: themselves; AMF0 "unsupported" is undefined; long strings and XML are strings
 * - object, typed object, ECMA array, AMF3 associative array and dictionary: `AmfObject`, without prototype; the class name
 *   is dropped, a key that repeats keeps its last value
 * - strict array, AMF3 dense array, vectors: array; date: `AmfDate`; byte array: a view of the input
 *
 * What a decoder returns is a tree: references are followed, and references to something that is not complete are malformed.
 */
export type AmfValue =
  | number
  | boolean
  | string
  | null
  | undefined
  | AmfDate
  | AmfEcmaArray
  | Uint8Array
  | AmfObject
  | readonly AmfValue[];

export type AmfObject = { readonly [key: string]: AmfValue };
export type MutableAmfObject = { [key: string]: AmfValue };

/** Milliseconds since the Unix epoch; the time zone is always UTC. */
export class AmfDate {
  constructor(readonly epochMs: number) {}
}

/** Makes an encoder write an ECMA array where a plain object would be written as an object. Decoders never return it. */
export class AmfEcmaArray {
  constructor(readonly entries: AmfObject) {}
}

/** True for objects with named values: neither null, arrays, dates nor bytes. */
export function isAmfObject(value: AmfValue): value is AmfObject {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof AmfDate) &&
    !(value instanceof AmfEcmaArray) &&
    !(value instanceof Uint8Array)
  );
}

/** Values nested deeper than this are malformed: real metadata needs three levels, and recursion must end. */
export const MAX_AMF_DEPTH = 32;
/** Values in one message, counted as often as they are referred to: real metadata has some dozens. */
export const MAX_AMF_VALUES = 65_536;
/** Bytes of text in one message, counted as often as they are referred to. */
export const MAX_AMF_TEXT = 1 << 20;

/** What one message may still cost. Counts references by the size of what they refer to, so no small message makes a huge tree. */
export class AmfBudget {
  #values = 0;
  #text = 0;

  get spent(): AmfCost {
    return { values: this.#values, text: this.#text };
  }

  value(offset: number): void {
    this.again({ values: 1, text: 0 }, offset);
  }

  text(bytes: number, offset: number): void {
    this.again({ values: 0, text: bytes }, offset);
  }

  again(cost: AmfCost, offset: number): void {
    this.#values += cost.values;
    this.#text += cost.text;
    if (this.#values > MAX_AMF_VALUES)
      throw new MalformedError(`AMF message of more than ${MAX_AMF_VALUES} values`, offset);
    if (this.#text > MAX_AMF_TEXT)
      throw new MalformedError(`AMF message of more than ${MAX_AMF_TEXT} bytes of text`, offset);
  }
}

export type AmfCost = { readonly values: number; readonly text: number };

/** The objects seen so far, for references. An object can be referred to once it is complete. */
export class AmfReferences {
  readonly #entries: { value: AmfValue; cost: AmfCost | undefined; start: AmfCost }[] = [];

  constructor(private readonly budget: AmfBudget) {}

  /** Registers a value whose content is read next; returns its index for `close`. */
  open(value: AmfValue): number {
    return this.#entries.push({ value, cost: undefined, start: this.budget.spent }) - 1;
  }

  close(index: number): void {
    const entry = this.#entries[index];
    if (!entry) return;
    const spent = this.budget.spent;
    entry.cost = { values: spent.values - entry.start.values + 1, text: spent.text - entry.start.text };
  }

  at(index: number, offset: number): AmfValue {
    const entry = this.#entries[index];
    if (!entry) throw new MalformedError(`AMF reference ${index} to nothing`, offset);
    if (!entry.cost) throw new MalformedError(`AMF reference ${index} to a value around it`, offset);
    this.budget.again(entry.cost, offset);
    return entry.value;
  }
}
