const TABLE = createTable();

/** CRC_32 of MPEG-2 sections (ISO/IEC 13818-1 Annex A): polynomial 0x04C11DB7, not reflected, over `data[start, end)`. */
export function crc32Mpeg(data: Uint8Array, start = 0, end = data.length): number {
  let crc = -1;
  for (let i = start; i < end; i++) {
    crc = (crc << 8) ^ (TABLE[((crc >>> 24) ^ (data[i] as number)) & 0xff] as number);
  }
  return crc >>> 0;
}

function createTable(): Int32Array {
  const table = new Int32Array(256);
  for (let i = 0; i < 256; i++) {
    let value = i << 24;
    for (let bit = 0; bit < 8; bit++) value = value & 0x8000_0000 ? (value << 1) ^ 0x04c1_1db7 : value << 1;
    table[i] = value;
  }
  return table;
}
