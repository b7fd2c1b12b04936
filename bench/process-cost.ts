import { readdirSync, readFileSync } from "node:fs";

/** What processes have used, and hold. */
export type ProcessCost = {
  /** User and system time of all threads, milliseconds; in steps of the kernel's tick, 10 ms. */
  readonly cpuMs: number;
  readonly userMs: number;
  /** Resident memory, bytes. Pages that processes share are counted in each. */
  readonly rss: number;
};

/** USER_HZ, which Linux fixes at 100 for /proc. */
const TICK_MS = 10;
const PAGE = 4096;

/** The cost so far of processes (Linux). */
export function processCost(pids: readonly number[]): ProcessCost {
  let user = 0;
  let system = 0;
  let rss = 0;
  for (const pid of pids) {
    const fields = statFields(pid);
    if (!fields) continue;
    // proc(5): utime is field 14, stime 15, rss 24; `fields` begins with field 3.
    user += Number(fields[11]);
    system += Number(fields[12]);
    rss += Number(fields[21]) * PAGE;
  }
  return { cpuMs: (user + system) * TICK_MS, userMs: user * TICK_MS, rss };
}

/** A process and all its descendants. */
export function family(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const parent = Number(statFields(Number(name))?.[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const members = [root];
  for (const member of members) members.push(...(children.get(member) ?? []));
  return members;
}

/** Fields of /proc/PID/stat from the third on: the second may hold spaces. Undefined when the process is gone. */
function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
