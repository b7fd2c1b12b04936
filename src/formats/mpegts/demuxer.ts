import { MalformedError } from "../../bytes/errors.ts";
import { decodePacket, NULL_PID, PACKET_SIZE, PAT_PID, type TsPacket } from "./packet.ts";
import { decodePes, type PesPacket } from "./pes.ts";
import { decodePat, decodePmt, type Pmt, sectionSize } from "./psi.ts";

/** A PES packet with what its transport packets said. */
export type TsPes = PesPacket & {
  readonly pid: number;
  readonly randomAccess: boolean;
};

/** A transport stream of one program, read to its end. */
export type DecodedTs = {
  /** The last PMT. */
  readonly pmt: Pmt;
  /** In the order in which they begin. */
  readonly pes: readonly TsPes[];
  /** In order; `base` is 90 kHz, `packet` counts transport packets from 0. */
  readonly pcrs: readonly { readonly pid: number; readonly base: number; readonly packet: number }[];
  /** The last continuity counter of each PID: hand it to the next segment's decoding to check that they run on. */
  readonly counters: ReadonlyMap<number, number>;
};

/** PES packets are access units; a larger one than this no encoder makes. */
const MAX_PES = 16 * 1024 * 1024;
/** Sections are at most 1,024 bytes, behind a pointer of at most 255. */
const MAX_SECTION = 1024 + 256;

type Gathering = {
  pieces: Uint8Array[];
  size: number;
  randomAccess: boolean;
  order: number;
};

/**
 * Reads a whole transport stream of one program, such as a segment (ISO/IEC 13818-1).
 * @param counters continuity counters of what came before, checked against the first packets
 * @throws MalformedError for anything that is not as the standard has it, jumps of continuity counters included
 */
export function decodeTs(data: Uint8Array, counters: ReadonlyMap<number, number> = new Map()): DecodedTs {
  const last = new Map(counters);
  const sections = new Map<number, Gathering>();
  const open = new Map<number, Gathering>();
  const pes: { readonly order: number; readonly value: TsPes }[] = [];
  const pcrs: { pid: number; base: number; packet: number }[] = [];
  let pmtPid: number | undefined;
  let pmt: Pmt | undefined;
  let streamPids = new Set<number>();

  const finish = (pid: number) => {
    const unit = open.get(pid);
    if (!unit) return;
    open.delete(pid);
    const value = { ...decodePes(join(unit)), pid, randomAccess: unit.randomAccess };
    pes.push({ order: unit.order, value });
  };

  if (data.length === 0) throw new MalformedError("empty transport stream");
  for (let at = 0, index = 0; at < data.length; at += PACKET_SIZE, index++) {
    const packet = decodePacket(data, at);
    const { pid } = packet;
    if (pid === NULL_PID) continue;
    checkCounter(last, packet, at);
    if (packet.pcr !== undefined) pcrs.push({ pid, base: packet.pcr, packet: index });
    if (!packet.payload) continue;

    if (pid === PAT_PID || pid === pmtPid) {
      const section = gatherSection(sections, packet, packet.payload, at);
      if (!section) continue;
      if (pid === PAT_PID) {
        pmtPid = decodePat(section)[0]?.pid;
      } else {
        pmt = decodePmt(section);
        streamPids = new Set(pmt.streams.map((stream) => stream.pid));
      }
    } else if (streamPids.has(pid)) {
      if (packet.unitStart) {
        finish(pid);
        open.set(pid, { pieces: [], size: 0, randomAccess: packet.randomAccess, order: index });
      }
      const unit = open.get(pid);
      if (!unit) throw new MalformedError(`PID ${pid} begins inside a PES packet`, at);
      gather(unit, packet.payload, MAX_PES, at);
    }
  }
  for (const pid of [...open.keys()]) finish(pid);
  if (!pmt) throw new MalformedError("transport stream without PMT");
  pes.sort((a, b) => a.order - b.order);
  return { pmt, pes: pes.map(({ value }) => value), pcrs, counters: last };
}

/** 2.4.3.3: one more with each payload, the same without; a marked discontinuity may jump. */
function checkCounter(last: Map<number, number>, packet: TsPacket, at: number): void {
  const before = last.get(packet.pid);
  last.set(packet.pid, packet.continuityCounter);
  if (before === undefined || packet.discontinuity) return;
  const due = packet.payload ? (before + 1) & 15 : before;
  if (packet.continuityCounter !== due) {
    throw new MalformedError(
      `PID ${packet.pid}: continuity counter ${packet.continuityCounter}, ${due} is due`,
      at + 3,
    );
  }
}

function gatherSection(
  sections: Map<number, Gathering>,
  packet: TsPacket,
  payload: Uint8Array,
  at: number,
): Uint8Array | undefined {
  const { pid } = packet;
  let body = payload;
  if (packet.unitStart) {
    const pointer = payload[0] ?? 0;
    if (1 + pointer > payload.length) throw new MalformedError("section pointer beyond its packet", at);
    body = payload.subarray(1 + pointer);
    sections.set(pid, { pieces: [], size: 0, randomAccess: false, order: 0 });
  }
  const unit = sections.get(pid);
  if (!unit) return undefined;
  gather(unit, body, MAX_SECTION, at);
  const whole = join(unit);
  const size = sectionSize(whole);
  if (size === undefined || size > whole.length) return undefined;
  sections.delete(pid);
  return whole.subarray(0, size);
}

function gather(unit: Gathering, payload: Uint8Array, most: number, at: number): void {
  unit.size += payload.length;
  if (unit.size > most) throw new MalformedError(`more than ${most} bytes in one unit`, at);
  unit.pieces.push(payload);
}

function join(unit: Gathering): Uint8Array {
  const out = new Uint8Array(unit.size);
  let at = 0;
  for (const piece of unit.pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
