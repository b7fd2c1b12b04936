/** obu_type (AV1 6.2.2). */
export const OBU_SEQUENCE_HEADER = 1;
export const OBU_TEMPORAL_DELIMITER = 2;
export const OBU_FRAME_HEADER = 3;
export const OBU_FRAME = 6;

/**
 * One OBU's place in `data`. Walks of frames never throw, because one bad frame must not end a publish: an OBU whose size
 * reaches past the end ends the walk.
 */
export type Obu = { type: number; start: number; payload: number; end: number };

/**
 * Moves `obu` to the OBU that begins at `obu.end`; false when none or no whole one follows. Start with `firstObu()`, and
 * reuse it: a walk allocates once.
 */
export function nextObu(data: Uint8Array, obu: Obu): boolean {
  const start = obu.end;
  if (start >= data.length) return false;
  const header = data[start] as number;
  let at = start + (header & 4 ? 2 : 1);
  let end = data.length;
  if (header & 2) {
    // obu_size, leb128() (4.10.5)
    let size = 0;
    let scale = 1;
    for (let i = 0; ; i++, scale *= 128) {
      const byte = data[at++];
      if (byte === undefined || i === 8) return false;
      size += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    end = at + size;
  }
  if (at > end || end > data.length) return false;
  obu.type = (header >> 3) & 15;
  obu.start = start;
  obu.payload = at;
  obu.end = end;
  return true;
}

/** The place before the first OBU. */
export function firstObu(): Obu {
  return { type: 0, start: 0, payload: 0, end: 0 };
}

/** Whether decoding can start here: a sequence header, then a key frame that is shown (AV1-ISOBMFF 2.4, AV1 7.6.1). */
export function isKeyTemporalUnit(data: Uint8Array): boolean {
  const obu = firstObu();
  let still: boolean | undefined;
  while (nextObu(data, obu)) {
    if (obu.type === OBU_SEQUENCE_HEADER) {
      // seq_profile(3), still_picture(1), reduced_still_picture_header(1)
      still = obu.payload < obu.end && ((data[obu.payload] as number) & 0x08) !== 0;
    } else if (obu.type === OBU_FRAME || obu.type === OBU_FRAME_HEADER) {
      if (still === undefined || obu.payload >= obu.end) return false;
      // show_existing_frame(1) 0, frame_type(2) KEY_FRAME 0, show_frame(1) 1
      return still || (data[obu.payload] as number) >> 4 === 1;
    }
  }
  return false;
}

/** Leaves out temporal delimiters, as ISO BMFF wants. `data` itself, or a view of it, whenever nothing must be moved. */
export function withoutTemporalDelimiters(data: Uint8Array): Uint8Array {
  const obu = firstObu();
  let from = 0;
  let inside = 0;
  while (nextObu(data, obu)) {
    if (obu.type !== OBU_TEMPORAL_DELIMITER) continue;
    if (obu.start === from) from = obu.end;
    else inside++;
  }
  if (inside === 0) return from === 0 ? data : data.subarray(from);

  const out = new Uint8Array(data.length - from);
  let to = 0;
  const walk = firstObu();
  while (nextObu(data, walk)) {
    if (walk.type === OBU_TEMPORAL_DELIMITER) continue;
    out.set(data.subarray(walk.start, walk.end), to);
    to += walk.end - walk.start;
  }
  return out.subarray(0, to);
}

/** The whole sequence header OBU, its header included, as a view of `data`; undefined when there is none. */
export function sequenceHeaderIn(data: Uint8Array): Uint8Array | undefined {
  const obu = firstObu();
  while (nextObu(data, obu)) {
    if (obu.type === OBU_SEQUENCE_HEADER) return data.subarray(obu.start, obu.end);
  }
  return undefined;
}
