import { describe, expect, test } from "bun:test";
import { av1Records } from "../../../test/support/codec-samples.ts";
import { MalformedError } from "../../bytes/errors.ts";
import { av1ConfigFromObus, decodeAv1Config } from "./config.ts";
import { isKeyTemporalUnit, sequenceHeaderIn, withoutTemporalDelimiters } from "./obu.ts";

const hex = (text: string): Uint8Array => Uint8Array.fromHex(text.replaceAll(" ", ""));
const sequenceHeader = "0a0b000000043ea7bc02f80040";
const firstRecord = `81000c00${sequenceHeader}`;

describe("decodeAv1Config", () => {
  for (const { clip, hex: record, colour, frameRate, ...expected } of av1Records) {
    test(clip, () => {
      const config = decodeAv1Config(hex(record));
      expect(config).toMatchObject({ codec: "av1", sar: { width: 1, height: 1 }, ...expected });
      expect(config.colour).toEqual(colour);
      expect(config.frameRate).toBe(frameRate);
      expect(config.record.toHex()).toBe(record);
    });
  }

  test("without a sequence header the record's own fields tell profile, level and depth", () => {
    const config = decodeAv1Config(hex("81096c00"));
    expect(config).toMatchObject({ codecString: "av01.0.09M.12", width: 0, height: 0 });
  });

  test("a sequence header in front of a key frame gives the same config", () => {
    expect(av1ConfigFromObus(hex(`1200${sequenceHeader}320210aa`))).toEqual(decodeAv1Config(hex(firstRecord)));
  });

  test("configOBUs get their size field", () => {
    const sized = decodeAv1Config(hex(firstRecord));
    const unsized = hex(`81000c00 08${sequenceHeader.slice(4)}`);
    expect(decodeAv1Config(unsized)).toEqual(sized);
  });

  const broken: readonly [name: string, record: string][] = [
    ["empty", ""],
    ["wrong marker", `01000c00${sequenceHeader}`],
    ["sequence header that is cut", "81000c000a0400000004"],
    ["reserved profile", "81000c000a02e000"],
  ];
  for (const [name, record] of broken) {
    test(`${name} is malformed`, () => expect(() => decodeAv1Config(hex(record))).toThrow(MalformedError));
  }
});

describe("isKeyTemporalUnit", () => {
  const cases: readonly [name: string, data: string, key: boolean][] = [
    ["sequence header and shown key frame", `${sequenceHeader} 320210aa`, true],
    ["behind a temporal delimiter", `1200 ${sequenceHeader} 320210aa`, true],
    ["frame header OBU", `${sequenceHeader} 1a0210aa`, true],
    ["key frame that is not shown", `${sequenceHeader} 320200aa`, false],
    ["inter frame", `${sequenceHeader} 320230aa`, false],
    ["show_existing_frame", `${sequenceHeader} 1a0180`, false],
    ["key frame without a sequence header", "320210aa", false],
    ["still picture: the frame header has no such fields", "0a071821e7f66d0040 3202c8aa", true],
    ["size that reaches past the end", `${sequenceHeader} 327f10aa`, false],
    ["size of nine bytes", "0affffffffffffffffff01", false],
    ["nothing", "", false],
  ];
  for (const [name, data, key] of cases) test(name, () => expect(isKeyTemporalUnit(hex(data))).toBe(key));
});

describe("withoutTemporalDelimiters", () => {
  test("nothing to leave out: the same bytes, not a copy", () => {
    const data = hex(`${sequenceHeader} 320210aa`);
    expect(withoutTemporalDelimiters(data)).toBe(data);
  });

  test("in front: a view", () => {
    const data = hex("1200 320210aa");
    const out = withoutTemporalDelimiters(data);
    expect(out.toHex()).toBe("320210aa");
    expect(out.buffer).toBe(data.buffer);
  });

  test("between others: a copy", () => {
    expect(withoutTemporalDelimiters(hex("1200 320210aa 1200 320110")).toHex()).toBe("320210aa320110");
  });
});

test("sequenceHeaderIn", () => {
  expect(sequenceHeaderIn(hex(`1200${sequenceHeader}320210aa`))?.toHex()).toBe(sequenceHeader);
  expect(sequenceHeaderIn(hex("1200320210aa"))).toBeUndefined();
});
