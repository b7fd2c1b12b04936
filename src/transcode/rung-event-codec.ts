import { MalformedError } from "../bytes/errors.ts";
import type { ByteReader } from "../bytes/reader.ts";
import type { ByteWriter } from "../bytes/writer.ts";
import { readFlag, readNumber } from "./feed-codec.ts";
import type { RungEvent } from "./messages.ts";

const KINDS = ["init", "open", "part", "segment", "break", "end"] as const;
/** A segment in more pieces than that has none of a sound size. */
const MAX_PIECES = 65_536;

/** One event of a rung, to the end of the message. */
export function writeRungEvent(out: ByteWriter, event: RungEvent): void {
  out.u8(KINDS.indexOf(event.type));
  switch (event.type) {
    case "init":
      out.u64(event.init).bytes(event.bytes);
      return;
    case "open":
      out.u64(event.msn).f64(event.wallclock).u8(Number(event.discontinuity));
      out.u8(Number(event.init !== undefined)).u64(event.init ?? 0);
      return;
    case "part":
      out.u64(event.msn).u32(event.part).f64(event.duration);
      out.u8(Number(event.independent)).u8(Number(event.lastExpected)).bytes(event.bytes);
      return;
    case "segment":
      out.u64(event.msn).f64(event.duration).u8(Number(event.independent));
      out.u8(Number(event.bytes === "parts"));
      if (event.bytes === "parts") return;
      out.u32(event.bytes.length);
      for (const piece of event.bytes) out.u32(piece.length).bytes(piece);
      return;
    case "break":
    case "end":
      return;
    default:
      event satisfies never;
  }
}

export function readRungEvent(input: ByteReader): RungEvent {
  const kind = KINDS[input.u8()];
  switch (kind) {
    case "init":
      return { type: kind, init: input.u64(), bytes: input.rest() };
    case "open": {
      const [msn, wallclock, discontinuity] = [input.u64(), readNumber(input), readFlag(input)];
      const hasInit = readFlag(input);
      const init = input.u64();
      return { type: kind, msn, wallclock, discontinuity, init: hasInit ? init : undefined };
    }
    case "part":
      return {
        type: kind,
        msn: input.u64(),
        part: input.u32(),
        duration: readNumber(input),
        independent: readFlag(input),
        lastExpected: readFlag(input),
        bytes: input.rest(),
      };
    case "segment": {
      const [msn, duration, independent] = [input.u64(), readNumber(input), readFlag(input)];
      return { type: kind, msn, duration, independent, bytes: readFlag(input) ? "parts" : readPieces(input) };
    }
    case "break":
    case "end":
      return { type: kind };
    case undefined:
      throw new MalformedError("unknown kind of a rung's event", input.offset);
    default:
      return kind satisfies never;
  }
}

function readPieces(input: ByteReader): Uint8Array[] {
  const count = input.u32();
  if (count > MAX_PIECES) throw new MalformedError(`a segment in ${count} pieces`, input.offset);
  const pieces: Uint8Array[] = [];
  for (let n = 0; n < count; n++) pieces.push(input.bytes(input.u32()));
  return pieces;
}
