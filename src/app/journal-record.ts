import { crc32 } from "node:zlib";

/** Lengths of the text and of the bytes, and a checksum of both; 32 bits each. */
const HEAD = 12;
/** Stands in the text for an array of bytes, which follow the text. */
type Placeholder = { readonly $bytes: readonly [offset: number, length: number] };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A value of JSON that may hold arrays of bytes, as pieces to be written one after the other. The bytes are not copied. */
export function encodeRecord(value: unknown): Uint8Array[] {
  const blobs: Uint8Array[] = [];
  let size = 0;
  const json = JSON.stringify(value, (_, field: unknown) => {
    if (!(field instanceof Uint8Array)) return field;
    const placeholder: Placeholder = { $bytes: [size, field.length] };
    blobs.push(field);
    size += field.length;
    return placeholder;
  });
  const text = encoder.encode(json);
  const head = new Uint8Array(HEAD + text.length);
  const view = new DataView(head.buffer);
  view.setUint32(0, text.length);
  view.setUint32(4, size);
  view.setUint32(
    8,
    blobs.reduce((sum, blob) => crc32(blob, sum), crc32(text)),
  );
  head.set(text, HEAD);
  return [head, ...blobs];
}

/** The values of a file, up to the first that is not whole: whoever wrote it may have been killed. Bytes are views of `file`. */
export function decodeRecords(file: Uint8Array): { readonly values: readonly unknown[]; readonly size: number } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const values: unknown[] = [];
  let at = 0;
  while (at + HEAD <= file.length) {
    const start = at + HEAD;
    const bytes = start + view.getUint32(at);
    const end = bytes + view.getUint32(at + 4);
    if (end > file.length || crc32(file.subarray(start, end)) !== view.getUint32(at + 8)) break;
    values.push(
      JSON.parse(decoder.decode(file.subarray(start, bytes)), (_, field: unknown) => {
        if (!isPlaceholder(field)) return field;
        const [offset, length] = field.$bytes;
        return file.subarray(bytes + offset, bytes + offset + length);
      }),
    );
    at = end;
  }
  return { values, size: at };
}

function isPlaceholder(value: unknown): value is Placeholder {
  return typeof value === "object" && value !== null && "$bytes" in value;
}
