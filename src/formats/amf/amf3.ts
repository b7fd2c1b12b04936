import { MalformedError } from "../../bytes/errors.ts";
import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import {
  AmfBudget,
  AmfDate,
  AmfEcmaArray,
  AmfReferences,
  type AmfValue,
  MAX_AMF_DEPTH,
  type MutableAmfObject,
} from "./value.ts";

// AMF3 specification, section 3.1
const UNDEFINED = 0x00;
const NULL = 0x01;
const FALSE = 0x02;
const TRUE = 0x03;
const INTEGER = 0x04;
const DOUBLE = 0x05;
const STRING = 0x06;
const XML_DOCUMENT = 0x07;
const DATE = 0x08;
const ARRAY = 0x09;
const OBJECT = 0x0a;
const XML = 0x0b;
const BYTE_ARRAY = 0x0c;
const VECTOR_INT = 0x0d;
const VECTOR_UINT = 0x0e;
const VECTOR_DOUBLE = 0x0f;
const VECTOR_OBJECT = 0x10;
const DICTIONARY = 0x11;

/** Sealed members of a class: more than any program declares, and few enough to read at once. */
const MAX_MEMBERS = 1024;

/** Decodes one AMF3 value. @throws MalformedError */
export function decodeAmf3(bytes: Uint8Array): AmfValue {
  return readAmf3(new ByteReader(bytes), new AmfBudget(), 0);
}

/** Reads one AMF3 value at the cursor, with reference tables of its own. @throws MalformedError */
export function readAmf3(reader: ByteReader, budget: AmfBudget, depth: number): AmfValue {
  return new Amf3Decoder(reader, budget).read(depth);
}

/** Encodes one AMF3 value, without references. */
export function encodeAmf3(value: AmfValue): Uint8Array {
  const writer = new ByteWriter(256);
  writeAmf3(writer, value);
  return writer.take();
}

export function writeAmf3(writer: ByteWriter, value: AmfValue): void {
  if (value === undefined) writer.u8(UNDEFINED);
  else if (value === null) writer.u8(NULL);
  else if (typeof value === "boolean") writer.u8(value ? TRUE : FALSE);
  else if (typeof value === "number") writeNumber(writer, value);
  else if (typeof value === "string") writeText(writer.u8(STRING), value);
  else if (value instanceof AmfDate) writeU29(writer.u8(DATE), 1).f64(value.epochMs);
  else if (value instanceof Uint8Array) writeU29(writer.u8(BYTE_ARRAY), value.length * 2 + 1).bytes(value);
  else if (value instanceof AmfEcmaArray) {
    writeU29(writer.u8(ARRAY), 1);
    writePairs(writer, value.entries);
  } else if (Array.isArray(value)) {
    writeText(writeU29(writer.u8(ARRAY), value.length * 2 + 1), "");
    for (const item of value) writeAmf3(writer, item);
  } else {
    // Inline traits, dynamic, no sealed members, anonymous class (3.12).
    writeText(writer.u8(OBJECT).u8(0b1011), "");
    writePairs(writer, value as { readonly [key: string]: AmfValue });
  }
}

function writePairs(writer: ByteWriter, entries: { readonly [key: string]: AmfValue }): void {
  for (const key of Object.keys(entries)) {
    if (key === "") continue;
    writeText(writer, key);
    writeAmf3(writer, entries[key]);
  }
  writeText(writer, "");
}

function writeNumber(writer: ByteWriter, value: number): void {
  const small = Number.isInteger(value) && value >= -0x1000_0000 && value < 0x1000_0000 && !Object.is(value, -0);
  if (small) writeU29(writer.u8(INTEGER), value & 0x1fff_ffff);
  else writer.u8(DOUBLE).f64(value);
}

function writeText(writer: ByteWriter, text: string): void {
  const bytes = encoder.encode(text);
  writeU29(writer, bytes.length * 2 + 1).bytes(bytes);
}

function writeU29(writer: ByteWriter, value: number): ByteWriter {
  if (value < 0x80) return writer.u8(value);
  if (value < 0x4000) return writer.u8((value >> 7) | 0x80).u8(value & 0x7f);
  if (value < 0x20_0000) {
    return writer
      .u8((value >> 14) | 0x80)
      .u8(((value >> 7) & 0x7f) | 0x80)
      .u8(value & 0x7f);
  }
  return writer
    .u8((value >> 22) | 0x80)
    .u8(((value >> 15) & 0x7f) | 0x80)
    .u8(((value >> 8) & 0x7f) | 0x80)
    .u8(value & 0xff);
}

type Traits = { readonly dynamic: boolean; readonly members: readonly string[] };

class Amf3Decoder {
  readonly #references: AmfReferences;
  readonly #strings: string[] = [];
  readonly #traits: Traits[] = [];

  constructor(
    private readonly reader: ByteReader,
    private readonly budget: AmfBudget,
  ) {
    this.#references = new AmfReferences(budget);
  }

  read(depth: number): AmfValue {
    const reader = this.reader;
    const at = reader.offset;
    if (depth > MAX_AMF_DEPTH) throw new MalformedError(`AMF3 nested deeper than ${MAX_AMF_DEPTH}`, at);
    this.budget.value(at);
    const marker = reader.u8();
    switch (marker) {
      case UNDEFINED:
        return undefined;
      case NULL:
        return null;
      case FALSE:
        return false;
      case TRUE:
        return true;
      case INTEGER:
        return (this.#u29() << 3) >> 3;
      case DOUBLE:
        return reader.f64();
      case STRING:
        return this.#string();
      default:
        return this.#complex(marker, depth, at);
    }
  }

  #complex(marker: number, depth: number, at: number): AmfValue {
    if (marker > DICTIONARY) throw new MalformedError(`AMF3 marker 0x${marker.toString(16)}`, at);
    const head = this.#u29();
    if ((head & 1) === 0) return this.#references.at(head >> 1, at);
    const length = head >> 1;
    switch (marker) {
      case DATE:
        return this.#leaf(new AmfDate(this.reader.f64()));
      case XML:
      case XML_DOCUMENT:
        this.budget.text(length, at);
        return this.#leaf(this.reader.utf8(length));
      case BYTE_ARRAY:
        return this.#leaf(this.reader.bytes(length));
      case ARRAY:
        return this.#array(length, depth);
      case OBJECT:
        return this.#object(head, depth);
      case DICTIONARY:
        return this.#dictionary(length, depth);
      default:
        return this.#vector(marker, length, depth);
    }
  }

  #leaf(value: AmfValue): AmfValue {
    this.#references.close(this.#references.open(value));
    return value;
  }

  #array(count: number, depth: number): AmfValue {
    const items: AmfValue[] = [];
    const entries: MutableAmfObject = Object.create(null);
    // A reference to an associative array only matters for what is inside it, which AmfReferences refuses.
    const first = this.reader.peek();
    const associative = first !== 0x01;
    const reference = this.#references.open(associative ? entries : items);
    for (let key = this.#string(); key !== ""; key = this.#string()) entries[key] = this.read(depth + 1);
    this.#checkCount(count, 1);
    for (let i = 0; i < count; i++) {
      const item = this.read(depth + 1);
      if (associative) entries[i] = item;
      else items.push(item);
    }
    this.#references.close(reference);
    return associative ? entries : items;
  }

  #object(head: number, depth: number): AmfValue {
    const traits = this.#readTraits(head);
    const object: MutableAmfObject = Object.create(null);
    const reference = this.#references.open(object);
    for (const member of traits.members) object[member] = this.read(depth + 1);
    if (traits.dynamic) {
      for (let key = this.#string(); key !== ""; key = this.#string()) object[key] = this.read(depth + 1);
    }
    this.#references.close(reference);
    return object;
  }

  #readTraits(head: number): Traits {
    const at = this.reader.offset;
    if ((head & 2) === 0) {
      const traits = this.#traits[head >> 2];
      if (!traits) throw new MalformedError(`AMF3 traits reference ${head >> 2} to nothing`, at);
      return traits;
    }
    // The form of an externalizable object is known to its class only (3.12).
    if ((head & 4) !== 0) throw new MalformedError("AMF3 externalizable object", at);
    const count = head >> 4;
    if (count > MAX_MEMBERS) throw new MalformedError(`AMF3 class of ${count} members`, at);
    this.#string();
    const members: string[] = [];
    for (let i = 0; i < count; i++) members.push(this.#string());
    const traits = { dynamic: (head & 8) !== 0, members };
    this.#traits.push(traits);
    return traits;
  }

  #dictionary(count: number, depth: number): AmfValue {
    const object: MutableAmfObject = Object.create(null);
    const reference = this.#references.open(object);
    this.reader.skip(1);
    this.#checkCount(count, 2);
    for (let i = 0; i < count; i++) {
      const key = this.read(depth + 1);
      const value = this.read(depth + 1);
      if (typeof key === "string" || typeof key === "number") object[key] = value;
    }
    this.#references.close(reference);
    return object;
  }

  #vector(marker: number, count: number, depth: number): AmfValue {
    const reader = this.reader;
    const items: AmfValue[] = [];
    const reference = this.#references.open(items);
    reader.skip(1);
    if (marker === VECTOR_OBJECT) this.#string();
    this.#checkCount(count, marker === VECTOR_OBJECT ? 1 : marker === VECTOR_DOUBLE ? 8 : 4);
    for (let i = 0; i < count; i++) {
      if (marker === VECTOR_OBJECT) {
        items.push(this.read(depth + 1));
        continue;
      }
      this.budget.value(reader.offset);
      if (marker === VECTOR_INT) items.push(reader.s32());
      else if (marker === VECTOR_UINT) items.push(reader.u32());
      else items.push(reader.f64());
    }
    this.#references.close(reference);
    return items;
  }

  #checkCount(count: number, least: number): void {
    const { left, offset } = this.reader;
    if (count * least > left) throw new MalformedError(`AMF3 collection of ${count} values in ${left} bytes`, offset);
  }

  #string(): string {
    const at = this.reader.offset;
    const head = this.#u29();
    if ((head & 1) === 0) {
      const text = this.#strings[head >> 1];
      if (text === undefined) throw new MalformedError(`AMF3 string reference ${head >> 1} to nothing`, at);
      this.budget.text(text.length, at);
      return text;
    }
    this.budget.text(head >> 1, at);
    const text = this.reader.utf8(head >> 1);
    if (text !== "") this.#strings.push(text);
    return text;
  }

  /** U29 (1.3.1): seven bits a byte, eight in the fourth. */
  #u29(): number {
    let value = 0;
    for (let i = 0; i < 3; i++) {
      const byte = this.reader.u8();
      if (byte < 0x80) return (value << 7) | byte;
      value = (value << 7) | (byte & 0x7f);
    }
    return (value << 8) | this.reader.u8();
  }
}

const encoder = new TextEncoder();
