import { z } from "zod";
import { MalformedError } from "../bytes/errors.ts";
import { ByteReader } from "../bytes/reader.ts";
import { ByteWriter } from "../bytes/writer.ts";
import { readFeedEvent, writeFeedEvent } from "./feed-codec.ts";
import {
  logSchema,
  readJson,
  settingsSchema,
  startRungSchema,
  statusSchema,
  tracksSchema,
  writeJson,
} from "./json-values.ts";
import type { FromTranscoder, ToTranscoder } from "./messages.ts";
import { readRungEvent, writeRungEvent } from "./rung-event-codec.ts";

const TO = ["settings", "startRung", "stopRung", "rewind", "feed"] as const satisfies ToTranscoder["type"][];
const FROM = [
  "ready",
  "rendition",
  "description",
  "status",
  "rungFailed",
  "log",
] as const satisfies FromTranscoder["type"][];
const MAX_NAME = 255;

/** Gathers messages, each a length in 4 bytes, a byte for its type, and what it says; `lend` hands out what there is. */
export class MessageWriter {
  readonly #out = new ByteWriter(4096);

  get length(): number {
    return this.#out.length;
  }

  /** `use` must not keep the bytes. */
  lend(use: (bytes: Uint8Array) => void): void {
    this.#out.lend(use);
  }

  toTranscoder(message: ToTranscoder): void {
    const start = this.#begin(TO.indexOf(message.type));
    const out = this.#out;
    switch (message.type) {
      case "settings":
        writeJson(out, message.settings);
        break;
      case "startRung":
        writeJson(out, { rung: message.rung, from: message.from });
        break;
      case "stopRung":
        writeName(out, message.rung);
        break;
      case "rewind":
        break;
      case "feed":
        writeFeedEvent(out, message.event);
        break;
      default:
        message satisfies never;
    }
    this.#end(start);
  }

  fromTranscoder(message: FromTranscoder): void {
    const start = this.#begin(FROM.indexOf(message.type));
    const out = this.#out;
    switch (message.type) {
      case "ready":
        writeJson(out, message.library);
        break;
      case "rendition":
        writeName(out, message.rung);
        writeRungEvent(out, message.event);
        break;
      case "description":
        writeName(out, message.rung);
        writeJson(out, message.tracks);
        break;
      case "status":
        writeJson(out, message.status);
        break;
      case "rungFailed":
        writeName(out, message.rung);
        writeJson(out, message.reason);
        break;
      case "log":
        writeJson(out, { level: message.level, text: message.text });
        break;
      default:
        message satisfies never;
    }
    this.#end(start);
  }

  #begin(type: number): number {
    const start = this.#out.length;
    this.#out.u32(0).u8(type);
    return start;
  }

  #end(start: number): void {
    this.#out.setU32(start, this.#out.length - start - 4);
  }
}

/** @param body a message without its length; packets and parts are views of it. Throws `MalformedError`. */
export function decodeToTranscoder(body: Uint8Array): ToTranscoder {
  const input = new ByteReader(body);
  const type = TO[input.u8()];
  switch (type) {
    case "settings":
      return { type, settings: readJson(input, settingsSchema) };
    case "startRung":
      return { type, ...readJson(input, startRungSchema) };
    case "stopRung":
      return { type, rung: readName(input) };
    case "rewind":
      return { type };
    case "feed":
      return { type, event: readFeedEvent(input) };
    case undefined:
      throw new MalformedError("unknown type of message");
    default:
      return type satisfies never;
  }
}

/** @param body as above */
export function decodeFromTranscoder(body: Uint8Array): FromTranscoder {
  const input = new ByteReader(body);
  const type = FROM[input.u8()];
  switch (type) {
    case "ready":
      return { type, library: readJson(input, z.string()) };
    case "rendition":
      return { type, rung: readName(input), event: readRungEvent(input) };
    case "description":
      return { type, rung: readName(input), tracks: readJson(input, tracksSchema) };
    case "status":
      return { type, status: readJson(input, statusSchema) };
    case "rungFailed":
      return { type, rung: readName(input), reason: readJson(input, z.string()) };
    case "log":
      return { type, ...readJson(input, logSchema) };
    case undefined:
      throw new MalformedError("unknown type of message");
    default:
      return type satisfies never;
  }
}

/** Names are ASCII (`RungDescription.name`). */
function writeName(out: ByteWriter, name: string): void {
  const text = name.slice(0, MAX_NAME);
  out.u8(text.length).ascii(text);
}

function readName(input: ByteReader): string {
  return input.ascii(input.u8());
}
