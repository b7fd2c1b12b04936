import { MalformedError } from "../../bytes/errors.ts";
import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import { readAmf3, writeAmf3 } from "./amf3.ts";
import {
  AmfBudget,
  AmfDate,
  AmfEcmaArray,
  type AmfObject,
  AmfReferences,
  type AmfValue,
  MAX_AMF_DEPTH,
  type MutableAmfObject,
} from "./value.ts";

// AMF0 specification, section 2.1
const NUMBER = 0x00;
const BOOLEAN = 0x01;
const STRING = 0x02;
const OBJECT = 0x03;
const NULL = 0x05;
const UNDEFINED = 0x06;
const REFERENCE = 0x07;
const ECMA_ARRAY = 0x08;
const OBJECT_END = 0x09;
const STRICT_ARRAY = 0x0a;
const DATE = 0x0b;
const LONG_STRING = 0x0c;
const UNSUPPORTED = 0x0d;
const XML = 0x0f;
const TYPED_OBJECT = 0x10;
const AVM_PLUS = 0x11;

/**
 * Decodes AMF0 values that follow each other to the end of `bytes`.
 * Bytes that are malformed behind the first `required` values end the sequence (senders append garbage to commands).
 *
 * @throws MalformedError
 */
export function decodeAmf0(bytes: Uint8Array, required = Number.POSITIVE_INFINITY): AmfValue[] {
  const decoder = new Amf0Decoder(new ByteReader(bytes));
  const values: AmfValue[] = [];
  while (decoder.left > 0) {
    try {
      values.push(decoder.read(0));
    } catch (error) {
      if (error instanceof MalformedError && values.length >= required) break;
      throw error;
    }
  }
  return values;
}

/** Encodes values one after the other. Byte arrays, which AMF0 lacks, are written as AMF3 behind the avmplus marker. */
export function encodeAmf0(...values: readonly AmfValue[]): Uint8Array {
  const writer = new ByteWriter(256);
  for (const value of values) writeAmf0(writer, value);
  return writer.take();
}

function writeAmf0(writer: ByteWriter, value: AmfValue): void {
  if (typeof value === "number") writer.u8(NUMBER).f64(value);
  else if (typeof value === "boolean") writer.u8(BOOLEAN).u8(value ? 1 : 0);
  else if (typeof value === "string") writeString(writer, value);
  else if (value === null) writer.u8(NULL);
  else if (value === undefined) writer.u8(UNDEFINED);
  else if (value instanceof AmfDate) writer.u8(DATE).f64(value.epochMs).u16(0);
  else if (value instanceof Uint8Array) writeAmf3(writer.u8(AVM_PLUS), value);
  else if (value instanceof AmfEcmaArray) {
    writePairs(writer.u8(ECMA_ARRAY).u32(Object.keys(value.entries).length), value.entries);
  } else if (isArray(value)) {
    writer.u8(STRICT_ARRAY).u32(value.length);
    for (const item of value) writeAmf0(writer, item);
  } else writePairs(writer.u8(OBJECT), value);
}

function writeString(writer: ByteWriter, value: string): void {
  const bytes = encoder.encode(value);
  if (bytes.length > 0xffff) writer.u8(LONG_STRING).u32(bytes.length).bytes(bytes);
  else writer.u8(STRING).u16(bytes.length).bytes(bytes);
}

function writePairs(writer: ByteWriter, object: AmfObject): void {
  for (const key of Object.keys(object)) {
    const bytes = encoder.encode(key);
    if (bytes.length > 0xffff) continue;
    writer.u16(bytes.length).bytes(bytes);
    writeAmf0(writer, object[key]);
  }
  writer.u16(0).u8(OBJECT_END);
}

class Amf0Decoder {
  readonly #budget = new AmfBudget();
  readonly #references = new AmfReferences(this.#budget);

  constructor(private readonly reader: ByteReader) {}

  get left(): number {
    return this.reader.left;
  }

  read(depth: number): AmfValue {
    const reader = this.reader;
    const at = reader.offset;
    if (depth > MAX_AMF_DEPTH) throw new MalformedError(`AMF0 nested deeper than ${MAX_AMF_DEPTH}`, at);
    this.#budget.value(at);
    const marker = reader.u8();
    switch (marker) {
      case NUMBER:
        return reader.f64();
      case BOOLEAN:
        return reader.u8() !== 0;
      case STRING:
        return this.#text(reader.u16());
      case NULL:
        return null;
      case UNDEFINED:
      case UNSUPPORTED:
        return undefined;
      case REFERENCE:
        return this.#references.at(reader.u16(), at);
      case OBJECT:
        return this.#pairs(depth);
      case ECMA_ARRAY:
        // The count is only a hint, and often wrong (2.10): the pairs end at the object end marker.
        reader.skip(4);
        return this.#pairs(depth);
      case TYPED_OBJECT:
        this.#text(reader.u16());
        return this.#pairs(depth);
      case STRICT_ARRAY:
        return this.#strictArray(depth);
      case DATE: {
        const date = new AmfDate(reader.f64());
        reader.skip(2);
        return date;
      }
      case LONG_STRING:
      case XML:
        return this.#text(reader.u32());
      case AVM_PLUS:
        return readAmf3(reader, this.#budget, depth + 1);
      default:
        throw new MalformedError(`AMF0 marker 0x${marker.toString(16)}`, at);
    }
  }

  #text(length: number): string {
    this.#budget.text(length, this.reader.offset);
    return this.reader.utf8(length);
  }

  #strictArray(depth: number): AmfValue {
    const reader = this.reader;
    const count = reader.u32();
    if (count > reader.left) {
      throw new MalformedError(`AMF0 array of ${count} values in ${reader.left} bytes`, reader.offset);
    }
    const items: AmfValue[] = [];
    const reference = this.#references.open(items);
    for (let i = 0; i < count; i++) items.push(this.read(depth + 1));
    this.#references.close(reference);
    return items;
  }

  #pairs(depth: number): AmfObject {
    const reader = this.reader;
    const object: MutableAmfObject = Object.create(null);
    const reference = this.#references.open(object);
    for (;;) {
      // Some senders leave out the end marker of what comes last in the message.
      if (reader.left < 3) {
        reader.skip(reader.left);
        break;
      }
      const key = this.#text(reader.u16());
      if (key === "" && reader.peek() === OBJECT_END) {
        reader.skip(1);
        break;
      }
      object[key] = this.read(depth + 1);
    }
    this.#references.close(reference);
    return object;
  }
}

function isArray(value: AmfValue): value is readonly AmfValue[] {
  return Array.isArray(value);
}

const encoder = new TextEncoder();
