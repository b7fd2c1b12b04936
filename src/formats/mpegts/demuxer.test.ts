import { expect, test } from "bun:test";
import { sampleAudio, sampleVideo } from "../../../test/support/sample-tracks.ts";
import { MalformedError } from "../../bytes/errors.ts";
import { decodeTs, type TsFault } from "./demuxer.ts";
import { TsMuxer } from "./muxer.ts";

const PACKET = 188;

/** PAT, PMT, then ten frames of video with audio between them. */
function segment(): Uint8Array {
  const muxer = new TsMuxer({ maxAudioDelay: 100 });
  muxer.setTracks([sampleVideo, sampleAudio]);
  muxer.startSegment();
  for (let i = 0; i < 10; i++) {
    const data = new Uint8Array(400).fill(7);
    data.set([0, 0, 1, 0x8c, i === 0 ? 0x65 : 0x41]);
    muxer.write({ type: "packet", track: 1, dts: i * 3000, pts: i * 3000, duration: 3000, key: i === 0, data });
    muxer.write({ type: "packet", track: 2, dts: i * 1600, pts: i * 1600, duration: 0, key: true, data });
  }
  return Uint8Array.from(Buffer.concat(muxer.takeSegment()));
}

/** Offset of the `nth` packet (from 0) of a PID. */
function packetOf(data: Uint8Array, pid: number, nth: number): number {
  for (let at = 0, seen = 0; at < data.length; at += PACKET) {
    const found = (((data[at + 1] as number) & 0x1f) << 8) | (data[at + 2] as number);
    if (found === pid && seen++ === nth) return at;
  }
  throw new Error(`no packet ${nth} of PID ${pid}`);
}

function without(data: Uint8Array, at: number): Uint8Array {
  return Uint8Array.from([...data.subarray(0, at), ...data.subarray(at + PACKET)]);
}

const VIDEO_PID = 0x100;
const PMT_PID = 0x1000;

test("says where tables and PES packets begin, and the first counters", () => {
  const { firstPat, firstPmt, programs, firstCounters, pes } = decodeTs(segment());
  expect({ firstPat, firstPmt, programs }).toEqual({ firstPat: 0, firstPmt: 1, programs: 1 });
  expect(firstCounters.get(VIDEO_PID)).toEqual({ counter: 0, payload: true });
  expect(pes[0]).toMatchObject({ pid: VIDEO_PID, packet: 2, randomAccess: true });
});

const faulty: { readonly name: string; readonly kind: TsFault["kind"]; readonly bytes: () => Uint8Array }[] = [
  {
    name: "a packet is lost",
    kind: "continuity",
    bytes: () => without(segment(), packetOf(segment(), VIDEO_PID, 4)),
  },
  {
    name: "the PMT has a wrong CRC",
    kind: "section",
    bytes: () => {
      const first = segment();
      const bytes = Uint8Array.from([...first, ...segment()]);
      const pmt = packetOf(bytes, PMT_PID, 1) + 8;
      bytes[pmt] = (bytes[pmt] as number) ^ 1;
      return bytes;
    },
  },
  {
    name: "a PES packet has no start code",
    kind: "pes",
    bytes: () => {
      const bytes = segment();
      // Behind the header and an adaptation field with PCR.
      bytes[packetOf(bytes, VIDEO_PID, 0) + 4 + 8 + 2] = 9;
      return bytes;
    },
  },
];

for (const { name, kind, bytes } of faulty) {
  test(`${name}: thrown, or noted and passed over`, () => {
    expect(() => decodeTs(bytes())).toThrow(MalformedError);
    const faults: TsFault[] = [];
    const { pes } = decodeTs(bytes(), new Map(), (fault) => faults.push(fault));
    expect(faults.map((fault) => fault.kind)).toContain(kind);
    expect(pes.length).toBeGreaterThan(5);
  });
}
