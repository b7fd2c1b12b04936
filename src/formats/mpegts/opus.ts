import type { PesBuffer } from "./pes-buffer.ts";

/** Appends the opus_control_header (Opus in TS 4, without trims): prefix 0x3FF, then the size in steps of 255. */
export function appendOpusControlHeader(pes: PesBuffer, size: number): void {
  const steps = Math.floor(size / 255);
  pes.reserve(3 + steps);
  const bytes = pes.bytes;
  bytes[pes.size++] = 0x7f;
  bytes[pes.size++] = 0xe0;
  for (let i = 0; i < steps; i++) bytes[pes.size++] = 255;
  bytes[pes.size++] = size - steps * 255;
}
