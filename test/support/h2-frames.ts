/** Frames of HTTP/2 (RFC 9113), just enough to misbehave with. */

export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

export const FRAME = { headers: 1, resetStream: 3, settings: 4, ping: 6, windowUpdate: 8, continuation: 9 } as const;
export const END_STREAM = 0x1;
export const END_HEADERS = 0x4;

/** RFC 9113 4.1. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array(0)): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/** A GET of a path below 127 characters, in literals without indexing (RFC 7541 6.2.2) and entries of the static table. */
export function getHeaders(path: string, authority = "localhost"): Buffer {
  return Buffer.concat([Buffer.of(0x82, 0x87), literal(4, path), literal(1, authority)]);
}

/** A header by name and value, each below 127 characters. */
export function header(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.of(0, name.length),
    Buffer.from(name, "latin1"),
    Buffer.of(value.length),
    Buffer.from(value, "latin1"),
  ]);
}

function literal(index: number, value: string): Buffer {
  return Buffer.concat([Buffer.of(index, value.length), Buffer.from(value, "latin1")]);
}
