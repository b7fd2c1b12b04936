import { sameBytes } from "../../bytes/same-bytes.ts";
import type { Exchange } from "../exchange.ts";
import type { CheckedRule } from "./checked-rule.ts";

/** A request for a hinted part that was sent ahead, once the part is listed. */
export type HintSubject = {
  readonly exchange: Exchange;
  /** Duration of the part; seconds. */
  readonly duration: number;
  /** The part, fetched when it was listed. */
  readonly part?: Uint8Array;
};

/** Fewer bytes come in one packet or two. */
const WORTH_TIMING = 4096;
const LEAST_MS = 300;

export const HINT_RULES: readonly CheckedRule<HintSubject>[] = [
  {
    id: "hint-not-held",
    severity: "error",
    clause: "RFC 8216bis 6.2.6",
    text: "A request for a hinted part is held until the part is there.",
    *check({ exchange: { status } }) {
      if (status >= 400 && status < 500) yield { message: `${status} for a part that was listed afterwards` };
    },
  },
  {
    id: "hint-differs",
    severity: "error",
    clause: "RFC 8216bis 4.4.5.3",
    text: "What a request for a hinted part gets is the part.",
    *check({ exchange: { status, body }, part }) {
      if (status === 200 && part && !sameBytes(body, part)) {
        yield { message: `${body.length} bytes came, the part has ${part.length} and is not the same` };
      }
    },
  },
  {
    id: "hint-trickles",
    severity: "warning",
    clause: "RFC 8216bis 6.2.6",
    text: "Of a part that is held, nothing is sent before all of it can be sent at full speed.",
    *check({ exchange: { status, wireLength, firstByteAt, doneAt }, duration }) {
      const took = doneAt - firstByteAt;
      if (status !== 200 || wireLength < WORTH_TIMING || took < Math.max(LEAST_MS, duration * 700)) return;
      yield { message: `its ${wireLength} bytes came over ${(took / 1000).toFixed(2)} s` };
    },
  },
];
