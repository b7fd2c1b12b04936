import { MalformedError } from "../../bytes/errors.ts";
import { decodePacket, NULL_PID, PACKET_SIZE, PAT_PID, type TsPacket } from "./packet.ts";
import { decodePes, type PesPacket } from "./pes.ts";
import { decodePat, decodePmt, type Pmt, sectionSize } from "./psi.ts";

/** A PES packet with what its transport packets said. */
export type TsPes = PesPacket & {
  readonly pid: number;
  readonly randomAccess: boolean;
  /** Number of the transport packet in which it begins, from 0. */
  readonly packet: number;
};

/** A transport stream of one program, read to its end. */
export type DecodedTs = {
  /** The last PMT; one without streams where there was none, and that was passed over. */
  readonly pmt: Pmt;
  /** In the order in which they begin. */
  readonly pes: readonly TsPes[];
  /** In order; `base` is 90 kHz, `packet` counts transport packets from 0. */
  readonly pcrs: readonly { readonly pid: number; readonly base: number; readonly packet: number }[];
  /** The last continuity counter of each PID: hand it to the next segment's decoding to check that they run on. */
  readonly counters: ReadonlyMap<number, number>;
  /** The first continuity counter of each PID, and whether its packet has a payload, which makes it advance. */
  readonly firstCounters: ReadonlyMap<number, { readonly counter: number; readonly payload: boolean }>;
  /** Numbers of the transport packets in which the first PAT and the first PMT begin. */
  readonly firstPat: number | undefined;
  readonly firstPmt: number | undefined;
  /** Of the last PAT. */
  readonly programs: number;
};

/** Something that is not as the standard has it, but after which reading can go on. */
export type TsFault = {
  /**
   * `continuity`: of the counters; `section`: a broken PAT or PMT; `tables`: there is none; `pes`: a PES packet that is
   * broken, or began before.
   */
  readonly kind: "continuity" | "section" | "tables" | "pes";
  readonly pid: number;
  readonly error: MalformedError;
};

/** What a reader does with faults: throws them, or notes them and goes on without what is broken. */
export type TsFaultHandler = (fault: TsFault) => void;

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

function refuse(fault: TsFault): never {
  throw fault.error;
}

/**
 * Reads a whole transport stream of one program, such as a segment (ISO/IEC 13818-1).
 * @param counters continuity counters of what came before, checked against the first packets
 * @param onFault takes what can be passed over; by default it is thrown too
 * @throws MalformedError for anything else that is not as the standard has it
 */
export function decodeTs(
  data: Uint8Array,
  counters: ReadonlyMap<number, number> = new Map(),
  onFault: TsFaultHandler = refuse,
): DecodedTs {
  const last = new Map(counters);
  const sections = new Map<number, Gathering>();
  const open = new Map<number, Gathering>();
  const pes: { readonly order: number; readonly value: TsPes }[] = [];
  const pcrs: { pid: number; base: number; packet: number }[] = [];
  let pmtPid: number | undefined;
  let pmt: Pmt | undefined;
  let streamPids = new Set<number>();
  const firstCounters = new Map<number, { counter: number; payload: boolean }>();
  let firstPat: number | undefined;
  let firstPmt: number | undefined;
  let programs = 0;

  /** Undefined when a fault was found and passed over. */
  const attempt = <Value>(kind: TsFault["kind"], pid: number, read: () => Value): Value | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      onFault({ kind, pid, error });
      return undefined;
    }
  };
  const finish = (pid: number) => {
    const unit = open.get(pid);
    if (!unit) return;
    open.delete(pid);
    const packet = attempt("pes", pid, () => decodePes(join(unit)));
    if (!packet) return;
    pes.push({ order: unit.order, value: { ...packet, pid, randomAccess: unit.randomAccess, packet: unit.order } });
  };

  if (data.length === 0) throw new MalformedError("empty transport stream");
  for (let at = 0, index = 0; at < data.length; at += PACKET_SIZE, index++) {
    const packet = decodePacket(data, at);
    const { pid } = packet;
    if (pid === NULL_PID) continue;
    if (!firstCounters.has(pid)) {
      firstCounters.set(pid, { counter: packet.continuityCounter, payload: packet.payload !== undefined });
    }
    attempt("continuity", pid, () => checkCounter(last, packet, at));
    if (packet.pcr !== undefined) pcrs.push({ pid, base: packet.pcr, packet: index });
    if (!packet.payload) continue;

    if (pid === PAT_PID || pid === pmtPid) {
      if (packet.unitStart) {
        if (pid === PAT_PID) firstPat ??= index;
        else firstPmt ??= index;
      }
      const { payload } = packet;
      const section = attempt("section", pid, () => gatherSection(sections, packet, payload, at));
      if (!section) continue;
      if (pid === PAT_PID) {
        const listed = attempt("section", pid, () => decodePat(section));
        if (!listed) continue;
        pmtPid = listed[0]?.pid;
        programs = listed.length;
      } else {
        pmt = attempt("section", pid, () => decodePmt(section)) ?? pmt;
        streamPids = new Set(pmt?.streams.map((stream) => stream.pid));
      }
    } else if (streamPids.has(pid)) {
      if (packet.unitStart) {
        finish(pid);
        open.set(pid, { pieces: [], size: 0, randomAccess: packet.randomAccess, order: index });
      }
      const unit = open.get(pid);
      if (unit) {
        gather(unit, packet.payload, MAX_PES, at);
      } else {
        onFault({ kind: "pes", pid, error: new MalformedError(`PID ${pid} begins inside a PES packet`, at) });
      }
    }
  }
  for (const pid of [...open.keys()]) finish(pid);
  if (!pmt) {
    onFault({ kind: "tables", pid: PAT_PID, error: new MalformedError("transport stream without PMT") });
    pmt = { program: 0, version: 0, pcrPid: NULL_PID, descriptors: new Uint8Array(0), streams: [] };
  }
  pes.sort((a, b) => a.order - b.order);
  const units = pes.map(({ value }) => value);
  return { pmt, pes: units, pcrs, counters: last, firstCounters, firstPat, firstPmt, programs };
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
