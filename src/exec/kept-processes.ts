import type { Log } from "../log.ts";
import type { Millis } from "../media/time.ts";
import type { Session, SessionObserver } from "../streams/sessions.ts";
import type { RunConfig, StreamRunConfig } from "./config.ts";
import { KeptProcess, type Launch } from "./kept-process.ts";
import type { RunExit, RunOptions } from "./run.ts";
import type { Variables } from "./substitute.ts";

export type KeptProcessesOptions = {
  readonly launch: Launch;
  readonly now: () => Millis;
  readonly log: Log;
  /** Those of the stream's application. */
  readonly ofStream: (path: string) => readonly StreamRunConfig[];
  /** Those that run with the server. */
  readonly ofServer: () => readonly RunConfig[];
};

/** Processes at the same time. */
export const MAX_PROCESSES = 1_000;

type Uses = Record<Session["kind"], Set<Session>>;
const NO_VARIABLES = () => undefined;
const KIND_OF = { published: "publish", played: "play" } as const;

/** Processes of the server and of its streams, as long as there is a reason for each. */
export class KeptProcesses implements SessionObserver {
  readonly #options: KeptProcessesOptions;
  /** By who they are for, and what they are. */
  readonly #kept = new Map<string, Map<string, KeptProcess>>();
  readonly #leaving = new Set<KeptProcess>();
  readonly #uses = new Map<string, Uses>();
  #running = 0;
  #isClosed = false;

  constructor(options: KeptProcessesOptions) {
    this.#options = options;
  }

  /** Starts those of the server; also after a change of the configuration, when what has not changed goes on. */
  start(): void {
    this.#settle("", this.#options.ofServer(), undefined, NO_VARIABLES);
    for (const path of this.#uses.keys()) this.#settleStream(path);
  }

  began(session: Session): void {
    const { path } = session.target;
    const uses: Uses = this.#uses.get(path) ?? { publish: new Set(), play: new Set() };
    this.#uses.set(path, uses);
    uses[session.kind].add(session);
    if (uses[session.kind].size === 1) this.#settleStream(path);
  }

  ended(session: Session): void {
    const { path } = session.target;
    const uses = this.#uses.get(path);
    if (!uses?.[session.kind].delete(session)) return;
    if (uses[session.kind].size === 0) this.#settleStream(path);
    if (uses.publish.size + uses.play.size === 0) this.#uses.delete(path);
  }

  tick(now: Millis): void {
    for (const processes of this.#kept.values()) for (const kept of processes.values()) kept.tick(now);
    for (const leaving of this.#leaving) leaving.tick(now);
  }

  /** Ends all of them. `tick` goes on until `isEmpty`. */
  close(): void {
    this.#isClosed = true;
    for (const path of [...this.#kept.keys()]) this.#settle(path, [], undefined, NO_VARIABLES);
  }

  get isEmpty(): boolean {
    return this.#kept.size === 0 && this.#leaving.size === 0;
  }

  #settleStream(path: string): void {
    const uses = this.#uses.get(path);
    const isUsed = (when: StreamRunConfig["when"]) => (uses?.[KIND_OF[when]].size ?? 0) > 0;
    const name = path.slice(path.indexOf("/") + 1);
    const wanted = this.#options
      .ofStream(path)
      .filter(({ when, streams }) => isUsed(when) && (streams?.includes(name) ?? true));
    this.#settle(path, wanted, path, ({ when }) => {
      const [session] = uses?.[KIND_OF[when]] ?? [];
      if (!session) return undefined;
      return when === "played" ? { app: session.client.app, name } : variablesOfSession(session);
    });
  }

  /** Starts what is missing and ends what is too many. */
  #settle<T extends RunConfig>(
    owner: string,
    wanted: readonly T[],
    path: string | undefined,
    variables: (config: T) => Variables | undefined,
  ): void {
    const before = this.#kept.get(owner) ?? new Map<string, KeptProcess>();
    const after = new Map<string, KeptProcess>();
    for (const config of this.#isClosed ? [] : wanted) {
      const text = JSON.stringify(config);
      let key = text;
      for (let copy = 2; after.has(key); copy++) key = `${text} ${copy}`;
      after.set(key, before.get(key) ?? this.#keep(config, variables(config), path));
      before.delete(key);
    }
    if (after.size > 0) this.#kept.set(owner, after);
    else this.#kept.delete(owner);
    for (const kept of before.values()) {
      this.#leaving.add(kept);
      kept.stop();
    }
  }

  #keep(config: RunConfig, variables: Variables | undefined, path: string | undefined): KeptProcess {
    const { now, log } = this.#options;
    const kept: KeptProcess = new KeptProcess({
      config,
      variables,
      launch: this.#launch,
      now,
      log,
      path,
      onGone: () => this.#leaving.delete(kept),
    });
    return kept;
  }

  readonly #launch = (options: RunOptions, onExit: (exit: RunExit) => void) => {
    if (this.#running >= MAX_PROCESSES) return undefined;
    this.#running++;
    return this.#options.launch(options, (exit) => {
      this.#running--;
      onExit(exit);
    });
  };
}

/** What nginx-rtmp hands over of a client and the stream that it asked for. */
function variablesOfSession({ client, target }: Session): Variables {
  const { app, address, flashVer, swfUrl, tcUrl, pageUrl } = client;
  return {
    app,
    name: target.name,
    args: target.args ?? target.query,
    addr: address,
    flashver: flashVer,
    swfurl: swfUrl,
    tcurl: tcUrl,
    pageurl: pageUrl,
  };
}
