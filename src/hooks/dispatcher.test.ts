import { describe, expect, test } from "bun:test";
import type { Log } from "../log.ts";
import type { Verdict } from "../streams/admission.ts";
import { HookDispatcher, type RunOptions } from "./dispatcher.ts";
import type { HookEvent } from "./event.ts";
import type { ResolvedTarget, ResolvedWebhook } from "./target.ts";
import { ALLOW, HookFailure } from "./verdict.ts";

type Call = { readonly to: string; readonly event: string; readonly at: number; readonly options: RunOptions };
type Answer = Verdict | "fails" | "never";

/** Hooks in virtual time: `answers` says what each address answers, call by call; the last one again and again. */
class World {
  readonly calls: Call[] = [];
  readonly lines: string[] = [];
  now = 0;
  readonly #timers: { at: number; work: () => void }[] = [];

  constructor(readonly answers: Readonly<Record<string, readonly Answer[]>> = {}) {}

  readonly dispatcher = new HookDispatcher({
    run: (target, event, options) => this.#run(target, event, options),
    after: (delay, work) => {
      const timer = { at: this.now + delay, work };
      this.#timers.push(timer);
      return () => void this.#timers.splice(this.#timers.indexOf(timer) >>> 0, 1);
    },
    random: () => 0.5,
    log: this.#log(),
  });

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    await settle();
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.now = next.at;
      next.work();
      await settle();
    }
    this.now = end;
  }

  async #run(target: ResolvedTarget, event: HookEvent, options: RunOptions): Promise<Verdict> {
    const to = target.kind === "webhook" ? target.url : target.kind === "command" ? (target.command[0] ?? "") : "f";
    const answers = this.answers[to] ?? [ALLOW];
    const before = this.calls.filter((call) => call.to === to).length;
    this.calls.push({ to, event: event.id, at: this.now, options });
    const answer = answers[Math.min(before, answers.length - 1)] ?? ALLOW;
    if (answer === "never") return new Promise(() => {});
    if (answer === "fails") throw new HookFailure("broken");
    return answer;
  }

  #log(): Log {
    const write = (level: string) => (message: string, fields: object) =>
      void this.lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
    return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") } as unknown as Log;
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 40; turn++) await Promise.resolve();
}

const webhook = (url: string, more: Partial<ResolvedWebhook> = {}): ResolvedWebhook => ({
  kind: "webhook",
  url,
  method: "post",
  format: "json",
  headers: {},
  retries: 0,
  wait: true,
  hashRedirects: false,
  ...more,
});
const event = (id: string) => ({ id, at: "", type: "disconnect" }) as unknown as HookEvent;
const [A, B] = ["http://a/", "http://b/"];
const deny: Verdict = { type: "deny", reason: "no" };
const rename: Verdict = { type: "rename", name: "x" };

describe("asking", () => {
  const ask = async (answers: Readonly<Record<string, readonly Answer[]>>, onFailure: "deny" | "allow" = "deny") => {
    const world = new World(answers);
    const asked = world.dispatcher.ask([webhook(A), webhook(B)], event("1"), { timeout: 5000, onFailure });
    let verdict: Verdict | undefined;
    void asked.then((answer) => {
      verdict = answer;
    });
    await world.pass(4999);
    const early = verdict;
    await world.pass(20_000);
    return { verdict, early, calls: world.calls.map(({ to }) => to), world };
  };

  test.each([
    [{}, ALLOW, [A, B]],
    [{ [A]: [deny] }, deny, [A]],
    [{ [B]: [deny] }, deny, [A, B]],
    [{ [A]: [rename] }, rename, [A, B]],
    [{ [A]: [rename], [B]: [deny] }, deny, [A, B]],
    [{ [A]: [rename], [B]: [{ type: "redirect", url: "rtmp://x/y" }] }, rename, [A, B]],
  ] as const)("%o", async (answers, verdict, calls) => {
    const asked = await ask(answers as Readonly<Record<string, readonly Answer[]>>);
    expect(asked).toMatchObject({ verdict, early: verdict });
    expect(asked.calls).toEqual([...calls]);
  });

  test.each([["fails"], ["never"]] as const)("one that %s stands for what was chosen", async (answer) => {
    const refused = await ask({ [A]: [answer] });
    expect(refused.verdict?.type).toBe("deny");
    expect(refused.calls).toEqual([A]);
    const allowed = await ask({ [A]: [answer] }, "allow");
    expect(allowed.verdict).toEqual(ALLOW);
    expect(allowed.calls).toEqual([A, B]);
    expect(allowed.early).toEqual(answer === "never" ? undefined : ALLOW);
  });

  test("what is late is called off, and said once", async () => {
    const { world } = await ask({ [A]: ["never"] });
    expect(world.calls[0]?.options.signal.aborted).toBe(true);
    expect(world.lines).toEqual([
      'warn a hook failed {"hook":"http://a","event":"disconnect","reason":"no answer within 5 s"}',
    ]);
  });
});

describe("telling", () => {
  test("in order per client and destination; no client waits for another", async () => {
    const world = new World({ [A]: ["never", ALLOW] });
    world.dispatcher.tell("1", [webhook(A), webhook(B)], event("1a"), 3000);
    world.dispatcher.tell("1", [webhook(A), webhook(B)], event("1b"), 3000);
    world.dispatcher.tell("2", [webhook(A)], event("2a"), 3000);
    await world.pass(2999);
    expect(world.calls.map(({ to, event }) => `${to} ${event}`)).toEqual([`${A} 1a`, `${B} 1a`, `${A} 2a`, `${B} 1b`]);
    await world.pass(1);
    expect(world.calls.at(-1)).toMatchObject({ to: A, event: "1b", at: 3000 });
    expect(world.dispatcher.waiting).toBe(0);
  });

  test("again after 1, 2, 4 ... seconds, the same event, until it works", async () => {
    const world = new World({ [A]: ["fails", "fails", "fails", ALLOW] });
    const target = webhook(A, { retries: 5 });
    world.dispatcher.tell("1", [target], event("1"), 3000);
    world.dispatcher.tell("1", [target], event("2"), 3000);
    await world.pass(60_000);
    expect(world.calls.map(({ event, at }) => [event, at])).toEqual([
      ["1", 0],
      ["1", 1000],
      ["1", 3000],
      ["1", 7000],
      ["2", 7000],
    ]);
    expect(world.lines.map((line) => line.split(" {")[0])).toEqual(["warn a hook failed", "info a hook works again"]);
  });

  test("given up after its retries", async () => {
    const world = new World({ [A]: ["fails"] });
    world.dispatcher.tell("1", [webhook(A, { retries: 2 })], event("1"), 3000);
    await world.pass(600_000);
    expect(world.calls.length).toBe(3);
    expect(world.dispatcher.waiting).toBe(0);
  });

  test("a dead webhook is called by 32 at once, and costs no more than 10,000 events", async () => {
    const world = new World({ [A]: ["never"] });
    for (let client = 0; client < 12_000; client++) {
      world.dispatcher.tell(String(client), [webhook(A)], event(String(client)), 3000);
    }
    await world.pass(0);
    expect(world.calls.length).toBe(32);
    expect(world.dispatcher.waiting).toBe(10_000);
    expect(world.lines.filter((line) => line.includes("too many")).length).toBe(1);
    await world.pass(3000);
    expect(world.calls.length).toBe(64);
    expect(world.dispatcher.waiting).toBe(9968);
  });

  test("programs do not wait for each other, and have no time limit", async () => {
    const world = new World({ sh: ["never"] });
    const command = { kind: "command", command: ["sh"], wait: true } as const;
    world.dispatcher.tell("1", [command], event("1"), 3000);
    world.dispatcher.tell("1", [command], event("2"), 3000);
    await world.pass(100_000);
    expect(world.calls.map(({ options }) => options.signal.aborted)).toEqual([false, false]);
  });

  test("the end waits for what is left, but not for long", async () => {
    for (const [answers, after] of [
      [["fails", ALLOW], 1000],
      [["never"], 2000],
    ] as const) {
      const world = new World({ [A]: answers });
      world.dispatcher.tell("1", [webhook(A, { retries: 5 })], event("1"), 60_000);
      let closedAt: number | undefined;
      void world.dispatcher.close(2000).then(() => {
        closedAt = world.now;
      });
      await world.pass(10_000);
      expect(closedAt).toBe(after);
      const { length } = world.calls;
      world.dispatcher.tell("1", [webhook(A)], event("2"), 3000);
      await world.pass(10_000);
      expect(world.calls.length).toBe(length);
    }
  });
});
