import type { Millis } from "../media/time.ts";

/** A rung that is being made, as one of those that may be given up. */
export type Burden = { readonly rung: string /** What it costs, in samples per second. */; readonly cost: number };

/** One stream's transcoder, as the judge sees it. */
export interface Burdened {
  /** The lowest is given up first. */
  readonly priority: number;
  readonly burdens: readonly Burden[];
  /** Seconds behind. */
  readonly lag: number;
  /** Of these, what is no start that still catches up. */
  readonly burden: number;
  /** Media seconds made in a second. */
  readonly speed: number;
  isTooSlow(now: Millis): boolean;
  shed(rung: string, reason: string, now: Millis): void;
  restore(rung: string, now: Millis): void;
  /** What it makes comes too late for all who watch: it is to go on where the stream is now. */
  startOver(now: Millis): void;
}

/** What was given up has to show before more is. */
const SETTLE: Millis = 4000;
/** Nothing is behind for so long: something is taken up again. */
const CALM: Millis = 30_000;
/** And one more each time after this. */
const STEP: Millis = 10_000;
/** Of what is made, this much is kept when some is given up: at the least, at the most. */
const KEPT = [0.25, 0.9] as const;
/** When that was too much, the next try takes twice as long, up to this. */
const MAX_CALM: Millis = 600_000;
/** Seconds behind from which on a rung is of no use to those who watch live. */
const USELESS = 12;
/** Behind by less is no burden. */
const CALM_LAG = 1;

type Shed = { readonly from: Burdened; readonly rung: string };

/**
 * Judges all transcoders of the server together: while one is too slow, as many rungs are given up as its speed says; after a calm
 * time they are taken up again one by one, the last given up first. Of the lowest priority the most expensive goes first: its viewers
 * have the source above and lesser rungs below it, and fewest have to go.
 */
export class Overload {
  readonly #members = new Set<Burdened>();
  readonly #shed: Shed[] = [];
  #shedAt = Number.NEGATIVE_INFINITY;
  #restoredAt = Number.NEGATIVE_INFINITY;
  #calmSince: Millis | undefined;
  #calm = CALM;

  /** Whether nothing more should be begun: something is too slow, or was a moment ago. */
  isBusy(now: Millis): boolean {
    return this.#shed.length > 0 && now - this.#shedAt < CALM;
  }

  add(member: Burdened): void {
    this.#members.add(member);
  }

  remove(member: Burdened): void {
    this.#members.delete(member);
    this.forget(member);
  }

  /** Its rungs are not those that were given up any more; of one, or of all. */
  forget(member: Burdened, rung?: string): void {
    for (let index = this.#shed.length - 1; index >= 0; index--) {
      const shed = this.#shed[index];
      if (shed?.from === member && (rung === undefined || shed.rung === rung)) this.#shed.splice(index, 1);
    }
  }

  /** A rung is wanted and not begun, since others are behind already. */
  refuse(from: Burdened, rung: string): void {
    this.#shed.unshift({ from, rung });
  }

  tick(now: Millis): void {
    let slowest: Burdened | undefined;
    let isCalm = true;
    for (const member of this.#members) {
      if (member.burdens.length === 0) continue;
      if (member.burden > CALM_LAG) isCalm = false;
      if (member.isTooSlow(now) && (slowest === undefined || member.lag > slowest.lag)) slowest = member;
    }
    this.#calmSince = isCalm ? (this.#calmSince ?? now) : undefined;
    if (slowest) this.#shedSome(slowest, now);
    else if (this.#calmSince !== undefined) this.#restoreOne(this.#calmSince, now);
  }

  #shedSome(slowest: Burdened, now: Millis): void {
    if (now - this.#shedAt < SETTLE) return;
    const { lag, speed } = slowest;
    const kept = Math.min(KEPT[1], Math.max(KEPT[0], speed));
    let costs = this.#costs;
    const bearable = costs * kept;
    for (let victim = this.#victim(); victim && costs > bearable; victim = this.#victim()) {
      costs -= victim.cost;
      this.#shed.push(victim);
      victim.from.shed(victim.rung, `the machine cannot keep up (${lag.toFixed(1)} s behind)`, now);
    }
    for (const member of this.#members) if (member.lag > USELESS && member.burdens.length > 0) member.startOver(now);
    // What was taken up again was too much.
    if (now - this.#restoredAt < CALM) this.#calm = Math.min(MAX_CALM, this.#calm * 2);
    this.#shedAt = now;
  }

  get #costs(): number {
    let sum = 0;
    for (const { burdens } of this.#members) for (const { cost } of burdens) sum += cost;
    return sum;
  }

  #victim(): (Shed & { readonly cost: number }) | undefined {
    let best: (Shed & { readonly cost: number }) | undefined;
    for (const from of this.#members) {
      for (const { rung, cost } of from.burdens) {
        const isLess = best && from.priority < best.from.priority;
        const isDearer = best && from.priority === best.from.priority && cost > best.cost;
        if (!best || isLess || isDearer) best = { from, rung, cost };
      }
    }
    return best;
  }

  #restoreOne(calmSince: Millis, now: Millis): void {
    if (now - Math.max(this.#restoredAt, this.#shedAt) > 2 * this.#calm) this.#calm = CALM;
    if (now - Math.max(calmSince, this.#shedAt) < this.#calm || now - this.#restoredAt < STEP) return;
    const last = this.#shed.pop();
    if (!last) return;
    this.#restoredAt = now;
    last.from.restore(last.rung, now);
  }
}
