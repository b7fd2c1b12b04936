import type { RenditionEvent } from "../hls/rendition.ts";
import type { RungEvent } from "./messages.ts";

/** Leaves out of a rung's segments what its parts said already. */
export class PartsLeftOut {
  #parts: Uint8Array[] = [];

  /** Undefined for what is not sent. */
  write(event: RenditionEvent): RungEvent | undefined {
    if (event.type === "date-range") return undefined;
    if (event.type === "open") this.#parts = [];
    else if (event.type === "part") this.#parts.push(event.bytes);
    else if (event.type === "segment" && this.#isWhole(event.bytes)) return { ...event, bytes: "parts" };
    return event;
  }

  #isWhole(bytes: readonly Uint8Array[]): boolean {
    return bytes.length === this.#parts.length && bytes.every((piece, index) => piece === this.#parts[index]);
  }
}

/** Puts them in again. */
export class PartsPutIn {
  #parts: Uint8Array[] = [];

  write(event: RungEvent): RenditionEvent {
    if (event.type === "open") this.#parts = [];
    else if (event.type === "part") this.#parts.push(event.bytes);
    else if (event.type === "segment") {
      return { ...event, bytes: event.bytes === "parts" ? this.#parts : event.bytes };
    }
    return event;
  }
}
