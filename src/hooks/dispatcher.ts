import type { Log } from "../log.ts";
import type { Millis } from "../media/time.ts";
import type { Verdict } from "../streams/admission.ts";
import type { HookEvent } from "./event.ts";
import type { ResolvedTarget } from "./target.ts";
import { ALLOW, HookFailure } from "./verdict.ts";

export type RunOptions = { readonly signal: AbortSignal; readonly decides: boolean };

export type DispatcherOptions = {
  /** Asks or tells one target. @throws HookFailure */
  readonly run: (target: ResolvedTarget, event: HookEvent, options: RunOptions) => Promise<Verdict>;
  /** Returns what calls it off. */
  readonly after: (delay: Millis, work: () => void) => () => void;
  /** From 0 to 1, so that retries after an outage do not come all at once. */
  readonly random: () => number;
  readonly log: Log;
};

export type AskOptions = {
  /** For each target that has no time of its own. */
  readonly timeout: Millis;
  readonly onFailure: "deny" | "allow";
};

/** Events that wait to be told, or are being told. A destination that is dead must not cost more than these. */
const MAX_WAITING = 10_000;
/** Told at the same time to one destination. */
const MAX_AT_ONCE = 32;
/** Programs that run at the same time. */
const MAX_PROGRAMS = 256;
/** Before the first retry; each one after it waits twice as long. */
const FIRST_RETRY: Millis = 1000;
const LONGEST_RETRY: Millis = 60_000;

type Waiting = {
  readonly target: ResolvedTarget;
  readonly event: HookEvent;
  readonly timeout: Millis;
  readonly lane: Lane;
  attempts: number;
};
/** The first is being told. */
type Queue = { readonly key: string; readonly items: Waiting[] };
type Lane = {
  readonly destination: string;
  /** At the same time. */
  readonly limit: number;
  busy: number;
  /** Queues that wait for a place. */
  readonly ready: Queue[];
};

/** Asks hooks that decide, one after the other, and tells the others without anything waiting for them. */
export class HookDispatcher {
  readonly #options: DispatcherOptions;
  /** By client and destination, in the order of the events. */
  readonly #queues = new Map<string, Queue>();
  readonly #lanes = new Map<string, Lane>();
  /** Of each target, since it last worked. */
  readonly #failures = new WeakMap<ResolvedTarget, number>();
  readonly #timers = new Set<() => void>();
  #waiting = 0;
  #lost = 0;
  #onIdle: (() => void) | undefined;
  #closed = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Events that are not told yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Asks in the order of the list. The first that denies ends it; of the others, the first that renames or redirects counts. */
  async ask(targets: readonly ResolvedTarget[], event: HookEvent, options: AskOptions): Promise<Verdict> {
    let verdict = ALLOW;
    for (const target of targets) {
      const answer = await this.#answer(target, event, options);
      if (answer.type === "deny") return answer;
      if (verdict.type === "allow") verdict = answer;
    }
    return verdict;
  }

  /** @param order events of the same are told in this order, at each destination */
  tell(order: string, targets: readonly ResolvedTarget[], event: HookEvent, timeout: Millis): void {
    for (const target of targets) {
      if (this.#closed || this.#waiting >= MAX_WAITING) {
        this.#lose(event);
        continue;
      }
      const lane = this.#lane(target);
      const item: Waiting = { target, event, timeout, lane, attempts: 0 };
      this.#waiting++;
      // Programs may run for long, and the next one is not to wait for them.
      const key = `${order} ${target.kind === "command" ? event.id : ""} ${lane.destination}`;
      const queue = this.#queues.get(key);
      if (queue) queue.items.push(item);
      else {
        const begun: Queue = { key, items: [item] };
        this.#queues.set(key, begun);
        this.#next(begun);
      }
    }
  }

  /** Tells what is waiting, for at most so long, and then no more. */
  async close(limit: Millis): Promise<void> {
    if (this.#waiting > 0 && !this.#closed) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onIdle = resolve;
      const cancel = this.#options.after(limit, resolve);
      await promise;
      cancel();
    }
    this.#closed = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  async #answer(target: ResolvedTarget, event: HookEvent, { timeout, onFailure }: AskOptions): Promise<Verdict> {
    try {
      const verdict = await this.#limited(target, event, true, target.timeout ?? timeout);
      this.#worked(target);
      return verdict;
    } catch (error) {
      this.#failed(target, event, error);
      return onFailure === "allow" ? ALLOW : { type: "deny", reason: "the server cannot tell whether it is allowed" };
    }
  }

  #limited(target: ResolvedTarget, event: HookEvent, decides: boolean, timeout: Millis | undefined): Promise<Verdict> {
    return new Promise((resolve, reject) => {
      const abort = new AbortController();
      const late = () => {
        reject(new HookFailure(`no answer within ${(timeout ?? 0) / 1000} s`));
        abort.abort();
      };
      const cancel = timeout === undefined ? undefined : this.#options.after(timeout, late);
      this.#options
        .run(target, event, { signal: abort.signal, decides })
        .then(resolve, reject)
        .finally(() => cancel?.());
    });
  }

  #next(queue: Queue): void {
    const [item] = queue.items;
    if (!item || this.#closed) return;
    const { lane, target, event } = item;
    if (lane.busy >= lane.limit) {
      lane.ready.push(queue);
      return;
    }
    lane.busy++;
    const timeout = target.kind === "command" ? target.timeout : (target.timeout ?? item.timeout);
    void this.#limited(target, event, false, timeout).then(
      () => {
        this.#worked(target);
        this.#leave(lane);
        this.#shift(queue);
      },
      (error: unknown) => this.#again(queue, item, error),
    );
  }

  #again(queue: Queue, item: Waiting, error: unknown): void {
    const { lane, target, event } = item;
    this.#failed(target, event, error);
    this.#leave(lane);
    const retries = target.kind === "webhook" ? target.retries : 0;
    if (item.attempts >= retries || this.#closed) {
      this.#shift(queue);
      return;
    }
    const delay = Math.min(FIRST_RETRY * 2 ** item.attempts, LONGEST_RETRY) * (0.75 + 0.5 * this.#options.random());
    item.attempts++;
    const cancel = this.#options.after(delay, () => {
      this.#timers.delete(cancel);
      this.#next(queue);
    });
    this.#timers.add(cancel);
  }

  #shift(queue: Queue): void {
    queue.items.shift();
    this.#waiting--;
    if (this.#waiting === 0) this.#onIdle?.();
    if (queue.items.length === 0) this.#queues.delete(queue.key);
    else this.#next(queue);
  }

  #leave(lane: Lane): void {
    lane.busy--;
    const queue = lane.ready.shift();
    if (queue) this.#next(queue);
  }

  #lane(target: ResolvedTarget): Lane {
    const destination = destinationOf(target);
    const known = this.#lanes.get(destination);
    if (known) return known;
    const limit = target.kind === "webhook" ? MAX_AT_ONCE : target.kind === "command" ? MAX_PROGRAMS : MAX_WAITING;
    const lane: Lane = { destination, limit, busy: 0, ready: [] };
    this.#lanes.set(destination, lane);
    return lane;
  }

  #worked(target: ResolvedTarget): void {
    const failures = this.#failures.get(target);
    if (failures === undefined) return;
    this.#failures.delete(target);
    this.#options.log.info("a hook works again", { hook: destinationOf(target), failures });
  }

  /** One line when it begins; a dead webhook would fill the log. */
  #failed(target: ResolvedTarget, event: HookEvent, error: unknown): void {
    const failures = this.#failures.get(target) ?? 0;
    this.#failures.set(target, failures + 1);
    if (failures > 0) return;
    const fault = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const reason = error instanceof HookFailure ? error.message : fault;
    this.#options.log.warn("a hook failed", { hook: destinationOf(target), event: event.type, reason });
  }

  #lose(event: HookEvent): void {
    if (this.#lost++ > 0) return;
    this.#options.log.error("too many events wait for hooks: some are not told", { first: event.type });
  }
}

/** Who is told, as the log may name it. */
function destinationOf(target: ResolvedTarget): string {
  switch (target.kind) {
    case "function":
      return "function";
    case "command":
      return target.command[0] ?? "";
    case "webhook":
      return new URL(target.url).origin;
  }
}
