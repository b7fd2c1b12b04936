/** Puts a NAL header before an RBSP and emulation prevention bytes into it (H.264 7.4.1.1), after `reserve` free bytes. */
export function toNalUnit(header: number, rbsp: Uint8Array, reserve = 0): Uint8Array {
  let escapes = 0;
  for (let i = 0, zeros = 0; i < rbsp.length; i++) {
    const byte = rbsp[i] as number;
    if (zeros >= 2 && byte <= 3) {
      escapes++;
      zeros = 0;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  const out = new Uint8Array(reserve + 1 + rbsp.length + escapes);
  out[reserve] = header;
  if (escapes === 0) {
    out.set(rbsp, reserve + 1);
    return out;
  }
  let at = reserve + 1;
  for (let i = 0, zeros = 0; i < rbsp.length; i++) {
    const byte = rbsp[i] as number;
    if (zeros >= 2 && byte <= 3) {
      out[at++] = 3;
      zeros = 0;
    }
    out[at++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return out;
}
