import { describe, expect, test } from "bun:test";
import { ProtocolError } from "../errors.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { ChunkWriter } from "./chunk-writer.ts";
import type { RtmpMessage } from "./message.ts";

const bytes = (hex: string) => Uint8Array.fromHex(hex.replaceAll(" ", ""));
const LIMITS = { maxMessageSize: 1 << 20 };

/** The messages in `stream`, read in pieces of `step` bytes. */
function read(stream: Uint8Array, step = stream.length): RtmpMessage[] {
  const messages: RtmpMessage[] = [];
  const reader = new ChunkReader(LIMITS, (message) => messages.push(message));
  for (let at = 0; at < stream.length; at += step) {
    const piece = stream.slice(at, at + step);
    reader.read(piece);
  }
  return messages;
}

/** csid, time, type, stream, body of each message. */
function summary(messages: readonly RtmpMessage[]): (string | number)[][] {
  return messages.map(({ csid, timestamp, type, streamId, body }) => [csid, timestamp, type, streamId, body.toHex()]);
}

const long = "ab".repeat(200);

const CASES: readonly { name: string; hex: string; messages: (string | number)[][] }[] = [
  { name: "a message in one chunk", hex: "04 00000a 000002 08 01000000 aabb", messages: [[4, 10, 8, 1, "aabb"]] },
  {
    name: "a message in two chunks",
    hex: `06 000000 0000c8 09 01000000 ${"ab".repeat(128)} c6 ${"ab".repeat(72)}`,
    messages: [[6, 0, 9, 1, long]],
  },
  {
    name: "a chunk stream id of two bytes",
    hex: "00 06 000000 000001 08 00000000 aa",
    messages: [[70, 0, 8, 0, "aa"]],
  },
  {
    name: "a chunk stream id of three bytes, little-endian",
    hex: "01 0102 000000 000001 08 00000000 aa",
    messages: [[64 + 1 + 512, 0, 8, 0, "aa"]],
  },
  {
    name: "shorter headers that inherit",
    hex: "04 00000a 000001 08 01000000 aa 44 000005 000002 09 bbbb 84 000007 cccc c4 dddd",
    messages: [
      [4, 10, 8, 1, "aa"],
      [4, 15, 9, 1, "bbbb"],
      [4, 22, 9, 1, "cccc"],
      [4, 29, 9, 1, "dddd"],
    ],
  },
  {
    name: "a new message behind type 3 after type 0, which adds the timestamp itself",
    hex: "04 00000a 000001 08 01000000 aa c4 bb",
    messages: [
      [4, 10, 8, 1, "aa"],
      [4, 20, 8, 1, "bb"],
    ],
  },
  {
    name: "chunk streams in turns",
    hex: `06 000000 0000c8 09 01000000 ${"ab".repeat(128)} 04 000001 000001 08 01000000 aa c6 ${"ab".repeat(72)}`,
    messages: [
      [4, 1, 8, 1, "aa"],
      [6, 0, 9, 1, long],
    ],
  },
  { name: "an empty message", hex: "04 000000 000000 08 01000000", messages: [[4, 0, 8, 1, ""]] },
  { name: "a type 1 header first", hex: "42 000005 000001 14 aa", messages: [[2, 5, 20, 0, "aa"]] },
  { name: "a type 2 header first, as an empty message", hex: "a1 000005", messages: [[33, 5, 0, 0, ""]] },
  {
    name: "a chunk size that changes within a message",
    hex: `06 000000 0000c8 09 01000000 ${"ab".repeat(128)} 02 000000 000004 01 00000000 00000010 ${`c6 ${"ab".repeat(16)}`.repeat(4)} c6 ${"ab".repeat(8)}`,
    messages: [[6, 0, 9, 1, long]],
  },
  {
    name: "an aborted message, whose time remains",
    hex: `06 000064 0000c8 09 01000000 ${"ab".repeat(128)} 02 000000 000004 02 00000000 00000006 46 00000a 000001 08 cc`,
    messages: [[6, 110, 8, 1, "cc"]],
  },
  {
    name: "a header repeated within a message",
    hex: `06 000064 0000c8 09 01000000 ${"ab".repeat(128)} 46 000000 0000c8 09 ${"ab".repeat(72)}`,
    messages: [[6, 100, 9, 1, long]],
  },
  {
    name: "an extended timestamp",
    hex: "04 ffffff 000001 08 01000000 01000000 aa",
    messages: [[4, 0x100_0000, 8, 1, "aa"]],
  },
  {
    name: "an extended timestamp repeated by type 3, as it should",
    hex: `06 ffffff 0000c8 09 01000000 fffffff0 ${"ab".repeat(128)} c6 fffffff0 ${"ab".repeat(72)}`,
    messages: [[6, 0xffff_fff0, 9, 1, long]],
  },
  {
    name: "an extended timestamp not repeated by type 3",
    hex: `06 ffffff 0000c8 09 01000000 fffffff0 ${"ab".repeat(128)} c6 ${"ab".repeat(72)}`,
    messages: [[6, 0xffff_fff0, 9, 1, long]],
  },
  {
    name: "payload that begins as the extended timestamp does",
    hex: `06 ffffff 000083 09 01000000 fffffff0 ${"ab".repeat(128)} c6 ffffff 04 000000 000001 08 01000000 aa`,
    messages: [
      [6, 0xffff_fff0, 9, 1, `${"ab".repeat(128)}ffffff`],
      [4, 0, 8, 1, "aa"],
    ],
  },
  {
    name: "an extended delta, repeated as it is or as the absolute time",
    hex: `06 000001 000001 09 01000000 aa 46 ffffff 0000c8 09 01000000 ${"ab".repeat(128)} c6 01000000 ${"ab".repeat(72)} 46 ffffff 0000c8 09 01000000 ${"ab".repeat(128)} c6 02000001 ${"ab".repeat(72)}`,
    messages: [
      [6, 1, 9, 1, "aa"],
      [6, 0x100_0001, 9, 1, long],
      [6, 0x200_0001, 9, 1, long],
    ],
  },
  {
    name: "a new message behind type 3 with an extended delta",
    hex: "06 000001 000001 09 01000000 aa 46 ffffff 000001 09 01000000 bb c6 01000000 cc",
    messages: [
      [6, 1, 9, 1, "aa"],
      [6, 0x100_0001, 9, 1, "bb"],
      [6, 0x200_0001, 9, 1, "cc"],
    ],
  },
  {
    name: "time past 32 bits",
    hex: "06 ffffff 000001 09 01000000 fffffff0 aa 46 000020 000001 09 bb",
    messages: [
      [6, 0xffff_fff0, 9, 1, "aa"],
      [6, 0x10, 9, 1, "bb"],
    ],
  },
];

describe("ChunkReader", () => {
  for (const { name, hex, messages } of CASES) {
    test(`reads ${name}, however it is split`, () => {
      for (const step of [1000, 1, 2, 3, 5, 7, 130]) expect(summary(read(bytes(hex), step))).toEqual(messages);
    });
  }

  const REFUSED: readonly { name: string; hex: string }[] = [
    {
      name: "another message before the end of one",
      hex: `06 000000 0000c8 09 01000000 ${"ab".repeat(128)} 06 000000 000001 08 01000000 aa`,
    },
    { name: "a chunk size of 0", hex: "02 000000 000004 01 00000000 00000000" },
    { name: "a chunk size of 31 bits and more", hex: "02 000000 000004 01 00000000 80000000" },
    { name: "a chunk size of two bytes", hex: "02 000000 000002 01 00000000 0001" },
    { name: "a message above the limit", hex: "04 000000 ffffff 09 00000000" },
  ];
  for (const { name, hex } of REFUSED) {
    test(`refuses ${name}`, () => expect(() => read(bytes(hex))).toThrow(ProtocolError));
  }

  test("very large chunk sizes are taken", () => {
    expect(summary(read(bytes(`02 000000 000004 01 00000000 7fffffff 06 000000 0000c8 09 01000000 ${long}`)))).toEqual([
      [6, 0, 9, 1, long],
    ]);
  });

  test("chunk streams have a limit", () => {
    const stream = Array.from(
      { length: 65 },
      (_, i) => `00 ${i.toString(16).padStart(2, "0")} 000000 000001 08 00000000 aa`,
    );
    expect(read(bytes(stream.slice(0, 64).join(""))).length).toBe(64);
    expect(() => read(bytes(stream.join("")))).toThrow(/chunk streams/);
  });

  test("announced messages cost what has come of them, and all together little more than one", () => {
    const reader = new ChunkReader({ maxMessageSize: 10 << 20 }, () => {});
    const announcement = bytes("000000 9fffff 09 01000000");
    const part = new Uint8Array(128);
    for (let csid = 3; csid < 63; csid++) {
      reader.read(Uint8Array.of(csid, ...announcement));
      reader.read(part);
    }
    expect(reader.pending).toBeLessThanOrEqual(60 * 4096);
    expect(() => {
      for (let n = 0; n < 3000; n++) {
        for (let csid = 3; csid < 63; csid++) {
          reader.read(Uint8Array.of(0xc0 | csid));
          reader.read(part);
        }
      }
    }).toThrow(/unfinished/);
    expect(reader.pending).toBeLessThan(20 << 20);
  });

  describe("memory behind a message's body", () => {
    const stream = bytes(`02 000000 000004 01 00000000 00010000 06 000000 0000c8 09 01000000 ${long}`);

    test("read in one piece: the bytes read themselves", () => {
      expect(read(stream).at(-1)?.body.buffer.byteLength).toBe(stream.length);
    });

    const repeated = (count: number) =>
      Uint8Array.from({ length: stream.length * count }, (_, at) => stream[at % stream.length] ?? 0);

    test("one of a few that were read together: the same", () => {
      expect(read(repeated(7)).at(-1)?.body.buffer.byteLength).toBe(stream.length * 7);
    });

    test("a small part of what was read: its own, so that it holds no more", () => {
      expect(read(repeated(8)).at(-1)?.body.buffer.byteLength).toBe(200);
    });

    test("read in pieces that are known to belong together: allocated once", () => {
      const messages: RtmpMessage[] = [];
      const reader = new ChunkReader(LIMITS, (message) => messages.push(message));
      reader.read(stream.subarray(0, 100));
      reader.read(stream.subarray(100));
      expect(messages.at(-1)?.body.buffer.byteLength).toBe(200);
    });
  });
});

describe("ChunkWriter", () => {
  const SIZES = [0, 1, 127, 128, 129, 256, 5000];
  const TIMES = [0, 1, 0xff_fffe, 0xff_ffff, 0x100_0000, 0xffff_ffff, 5];
  for (const chunkSize of [128, 4096]) {
    for (const csid of [2, 63, 64, 319, 320, 65_599]) {
      test(`is read back: chunk stream ${csid}, chunks of ${chunkSize}`, () => {
        const writer = new ChunkWriter();
        const pieces = [writer.write(setChunkSize(chunkSize))];
        writer.chunkSize = chunkSize;
        const sent: RtmpMessage[] = [];
        for (const timestamp of TIMES) {
          for (const size of SIZES) {
            const body = Uint8Array.from({ length: size }, (_, i) => i);
            const message = { csid, streamId: 1, type: 9, timestamp, body };
            sent.push(message);
            pieces.push(writer.write(message));
          }
        }
        expect(read(Uint8Array.from(pieces.flatMap((piece) => [...piece])))).toEqual(sent);
      });
    }
  }

  test("writes short headers for media that goes forward, full ones for commands", () => {
    const writer = new ChunkWriter();
    const sizes = [9, 9, 20, 20].map(
      (type, i) => writer.write({ csid: 6, streamId: 1, type, timestamp: i * 33, body: new Uint8Array(0) }).length,
    );
    expect(sizes).toEqual([12, 8, 12, 12]);
  });
});

function setChunkSize(size: number): RtmpMessage {
  return { csid: 2, streamId: 0, type: 1, timestamp: 0, body: Uint8Array.of(size >> 24, size >> 16, size >> 8, size) };
}
