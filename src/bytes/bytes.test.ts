import { describe, expect, test } from "bun:test";
import { BitReader } from "./bits.ts";
import { MalformedError } from "./errors.ts";
import { ByteReader } from "./reader.ts";
import { ByteWriter } from "./writer.ts";

describe("ByteWriter and ByteReader", () => {
  test("read back what was written, in every width", () => {
    const bytes = new ByteWriter(1)
      .u8(0xfe)
      .u16(0xfedc)
      .u24(0xfedcba)
      .u32(0xfedcba98)
      .u32(-2)
      .u32LE(0x01020304)
      .u64(2 ** 53 - 1)
      .f64(-1.5)
      .ascii("moov")
      .utf8("나루")
      .zeros(2)
      .bytes(Uint8Array.of(7))
      .take();
    const reader = new ByteReader(bytes);
    expect(reader.u8()).toBe(0xfe);
    expect(reader.u16()).toBe(0xfedc);
    expect(reader.u24()).toBe(0xfedcba);
    expect(reader.u32()).toBe(0xfedcba98);
    expect(reader.s32()).toBe(-2);
    expect(reader.u32LE()).toBe(0x01020304);
    expect(reader.u64()).toBe(2 ** 53 - 1);
    expect(reader.f64()).toBe(-1.5);
    expect(reader.ascii(4)).toBe("moov");
    expect(reader.utf8(6)).toBe("나루");
    expect(reader.u16()).toBe(0);
    expect(reader.peek()).toBe(7);
    expect([...reader.rest()]).toEqual([7]);
    expect(reader.left).toBe(0);
    expect(reader.peek()).toBeUndefined();
  });

  test("signed reads", () => {
    const reader = new ByteReader(Uint8Array.of(0xff, 0xfe, 0xff, 0xff, 0xfd, 0x00, 0x00, 0x05));
    expect(reader.s16()).toBe(-2);
    expect(reader.s24()).toBe(-3);
    expect(reader.s24()).toBe(5);
  });

  test("reading past the end names the place", () => {
    const reader = new ByteReader(Uint8Array.of(1, 2, 3), 1);
    reader.u8();
    expect(() => reader.u16()).toThrow(new MalformedError("needs 2 bytes where 1 are left", 2));
    expect(() => reader.bytes(-1)).toThrow(MalformedError);
    expect(reader.u8()).toBe(3);
  });

  test("a sub-reader is confined and keeps offsets", () => {
    const reader = new ByteReader(Uint8Array.of(1, 2, 3, 4));
    reader.skip(1);
    const sub = reader.sub(2);
    expect(sub.offset).toBe(1);
    expect(sub.u16()).toBe(0x0203);
    expect(() => sub.u8()).toThrow(MalformedError);
    expect(reader.u8()).toBe(4);
  });

  test("a size is patched afterwards, and take starts anew", () => {
    const writer = new ByteWriter();
    writer.u32(0).ascii("free");
    writer.setU32(0, writer.length);
    expect([...writer.take()]).toEqual([0, 0, 0, 8, 0x66, 0x72, 0x65, 0x65]);
    expect([...writer.u8(1).take()]).toEqual([1]);
  });
});

describe("BitReader", () => {
  test("Exp-Golomb codes (H.264 table 9-2 and 9-3)", () => {
    // 1 010 011 00100 00101 | 1 010 011 00100
    const bits = new BitReader(Uint8Array.of(0b10100110, 0b01000010, 0b11010011, 0b00100000));
    expect([bits.ue(), bits.ue(), bits.ue(), bits.ue(), bits.ue()]).toEqual([0, 1, 2, 3, 4]);
    expect([bits.se(), bits.se(), bits.se(), bits.se()].map((value) => value + 0)).toEqual([0, 1, -1, 2]);
  });

  test("32 bits at once, flags, skip, and the end", () => {
    const bits = new BitReader(Uint8Array.of(0x7f, 0xff, 0xff, 0xff, 0x80));
    expect(bits.flag()).toBe(false);
    expect(bits.u(32)).toBe(0xffffffff);
    bits.skip(6);
    expect(bits.left).toBe(1);
    expect(() => bits.u(2)).toThrow(MalformedError);
    expect(() => new BitReader(new Uint8Array(20)).ue()).toThrow(MalformedError);
  });
});
