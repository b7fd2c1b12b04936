import { type ApplicationConfig, findApplication } from "../config/application.ts";
import { run } from "../exec/run.ts";
import type { HooksConfig } from "../hooks/config.ts";
import { HookDispatcher, type RunOptions } from "../hooks/dispatcher.ts";
import type { HookDetails, HookEvent, RecordDoneEvent, RecordStartedEvent } from "../hooks/event.ts";
import { sendWebhook } from "../hooks/send.ts";
import type { ResolvedCommand, ResolvedTarget } from "../hooks/target.ts";
import { hookVariables } from "../hooks/variables.ts";
import { ALLOW, HookFailure, NO_REASON, toVerdict } from "../hooks/verdict.ts";
import type { Log } from "../log.ts";
import type { Millis } from "../media/time.ts";
import type { Admission, AdmissionTarget, PlayRange, Verdict } from "../streams/admission.ts";
import type { Client } from "../streams/client.ts";
import type { Connection, Session, Sessions } from "../streams/sessions.ts";
import { applicationOf } from "../streams/stream-path.ts";
import type { Recording, StartedRecording } from "./record.ts";

export type HookModuleOptions = {
  readonly log: Log;
  readonly now: () => Millis;
  readonly sessions: Sessions;
  /** As they are now: a reload changes them. */
  readonly config: () => HooksConfig;
  readonly applications: () => Readonly<Record<string, ApplicationConfig>>;
};

/** Streams whose last publisher is remembered, for the recordings that are completed after it has left. */
const MAX_PUBLISHERS = 10_000;
/** How long the end of the server waits for what is still to be told. */
const LAST_CALLS: Millis = 2000;

type Update = { readonly session: Session; at: Millis; isAsking: boolean };
type HookName = "onConnect" | "onDisconnect" | StreamHookName;
type StreamHookName =
  | "onPublish"
  | "onPlay"
  | "onPublishDone"
  | "onPlayDone"
  | "onDone"
  | "onUpdate"
  | "onRecordStarted"
  | "onRecordDone";
/** Of a file, what its stream does not say. */
type FileDetails =
  | Pick<RecordStartedEvent, "type" | "recorder" | "file">
  | Pick<RecordDoneEvent, "type" | "recorder" | "file" | "seconds" | "bytes" | "reason">;
type AskedDetails = Extract<HookDetails, { readonly type: "publish" | "play" }>;
/** Who publishes a stream, or did last. */
type LastPublisher = { readonly client: Client; readonly target: AdmissionTarget; readonly askedName: string };

/** Asks hooks who is let in, and tells them what happens. */
export class HookModule implements Admission {
  readonly #options: HookModuleOptions;
  readonly #dispatcher: HookDispatcher;
  /** Of each client, what it asked for last; of each session, what it was when it asked. */
  readonly #asked = new WeakMap<Client | Session, AskedDetails>();
  readonly #publishers = new Map<string, LastPublisher>();
  readonly #updates = new Map<Session, Update>();
  readonly #leave: () => void;

  constructor(options: HookModuleOptions) {
    this.#options = options;
    this.#dispatcher = new HookDispatcher({ run: runTarget, after, random: Math.random, log: options.log });
    this.#leave = options.sessions.observe({
      connected: ({ client }) => this.#tellClient(client, "onConnect", { type: "connect", client }),
      disconnected: ({ client }: Connection) =>
        this.#tellClient(client, "onDisconnect", { type: "disconnect", client }),
      // Hooks decide about others, and hear of them.
      began: (session) => void (session.client.isRelay || this.#began(session)),
      ended: (session, reason) => void (session.client.isRelay || this.#ended(session, reason)),
    });
  }

  connect(client: Client): Verdict | Promise<Verdict> {
    const targets = this.#clientTargets(client, "onConnect").filter(({ wait }) => wait);
    return this.#ask(targets, { type: "connect", client });
  }

  publish(client: Client, target: AdmissionTarget): Verdict | Promise<Verdict> {
    const publishType = target.publishType ?? "live";
    return this.#askStream("onPublish", { type: "publish", ...about(client, target), publishType });
  }

  play(client: Client, target: AdmissionTarget, range: PlayRange): Verdict | Promise<Verdict> {
    return this.#askStream("onPlay", { type: "play", ...about(client, target), ...range });
  }

  recordStarted({ stream, recorder, file }: StartedRecording): void {
    this.#tellFile("onRecordStarted", stream, { type: "record_started", recorder, file });
  }

  recordDone({ stream, recorder, file, duration: seconds, bytes, reason }: Recording): void {
    this.#tellFile("onRecordDone", stream, { type: "record_done", recorder, file, seconds, bytes, reason });
  }

  /** Asks again about those who publish and play, when it is time. */
  tick(now: Millis): void {
    for (const update of this.#updates.values())
      if (now >= update.at && !update.isAsking) void this.#update(update, now);
  }

  /** Tells what is left to tell; nothing is told of what happens later. */
  async close(): Promise<void> {
    await this.#dispatcher.close(LAST_CALLS);
    this.#leave();
  }

  #askStream(hook: "onPublish" | "onPlay", details: AskedDetails): Verdict | Promise<Verdict> {
    this.#asked.set(details.client, details);
    const targets = this.#targets(details.app, hook, details.name);
    return this.#ask(
      targets.filter(({ wait }) => wait),
      details,
    );
  }

  #ask(targets: readonly ResolvedTarget[], details: HookDetails): Verdict | Promise<Verdict> {
    return targets.length === 0 ? ALLOW : this.#dispatcher.ask(targets, event(details), this.#options.config());
  }

  #tell(client: Client | undefined, targets: readonly ResolvedTarget[], details: HookDetails): void {
    if (targets.length === 0) return;
    this.#dispatcher.tell(String(client?.id ?? ""), targets, event(details), this.#options.config().timeout);
  }

  #tellClient(client: Client, hook: "onConnect" | "onDisconnect", details: HookDetails): void {
    if (client.isRelay) return;
    const targets = this.#clientTargets(client, hook);
    this.#tell(client, hook === "onConnect" ? targets.filter(({ wait }) => !wait) : targets, details);
  }

  #clientTargets(client: Client, hook: "onConnect" | "onDisconnect"): readonly ResolvedTarget[] {
    return [...this.#options.config()[hook], ...this.#targets(this.#applicationOf(client), hook)];
  }

  /** The key of the application that a client has connected to. Its address of the server is known by the port only. */
  #applicationOf({ app, port }: Client): string {
    const [name = ""] = app.split("/");
    for (const [key, { rtmp }] of Object.entries(this.#options.applications())) {
      if ((rtmp.name ?? key) === name && (rtmp.listen?.some((address) => address.port === port) ?? true)) return key;
    }
    return name;
  }

  #application(name: string): ApplicationConfig | undefined {
    return findApplication(this.#options.applications(), name);
  }

  #targets(app: string, hook: HookName, name = "", recorder?: string): readonly ResolvedTarget[] {
    const targets = this.#application(app)?.hooks[hook] ?? [];
    return targets.filter(
      (target) =>
        (target.stream === undefined || target.stream === name) &&
        (target.recorder === undefined || target.recorder === recorder),
    );
  }

  #began(session: Session): void {
    const { client, kind, target } = session;
    const asked = this.#asked.get(client);
    const details = asked?.type === kind ? asked : unasked(session);
    this.#asked.set(session, details);
    const { askedName } = details;
    if (kind === "publish") this.#remember({ client, target, askedName });
    const targets = this.#targets(target.app, kind === "publish" ? "onPublish" : "onPlay", target.name);
    const untold = targets.filter(({ wait }) => !wait);
    this.#tell(client, untold, { ...details, ...about(client, target, askedName) });
    const every = this.#application(target.app)?.hooks.updateEvery ?? 0;
    this.#updates.set(session, { session, at: this.#options.now() + every, isAsking: false });
  }

  #ended(session: Session, reason: string): void {
    this.#updates.delete(session);
    const { client, kind, target } = session;
    const details = { ...this.#counted(session), reason };
    if (kind === "publish") {
      this.#tell(client, this.#targets(target.app, "onPublishDone", target.name), { type: "publish_done", ...details });
    } else {
      this.#tell(client, this.#targets(target.app, "onPlayDone", target.name), { type: "play_done", ...details });
    }
    this.#tell(client, this.#targets(target.app, "onDone", target.name), { type: "done", kind, ...details });
  }

  async #update(update: Update, now: Millis): Promise<void> {
    const { session } = update;
    const hooks = this.#application(session.target.app)?.hooks;
    const targets = this.#targets(session.target.app, "onUpdate", session.target.name);
    update.at = now + (hooks?.updateEvery ?? 0);
    if (targets.length === 0) return;
    update.isAsking = true;
    const type = session.kind === "publish" ? "update_publish" : "update_play";
    const details = { type, ...this.#counted(session), timestamp: session.stats().timestamp } as const;
    const strict = hooks?.updateStrict ?? false;
    const { timeout } = this.#options.config();
    const verdict = await this.#dispatcher.ask(targets, event(details), {
      timeout,
      onFailure: strict ? "deny" : "allow",
    });
    update.isAsking = false;
    if (!this.#updates.has(session)) return;
    if (verdict.type === "deny") session.drop(verdict.reason);
    else if (strict && verdict.type !== "allow") session.drop(NO_REASON);
  }

  #counted(session: Session) {
    const { client, target, since } = session;
    const { bytesIn, bytesOut } = session.stats();
    const seconds = (this.#options.now() - since) / 1000;
    return { ...about(client, target, this.#asked.get(session)?.askedName), seconds, bytesIn, bytesOut };
  }

  #remember(publisher: LastPublisher): void {
    const { path } = publisher.target;
    this.#publishers.delete(path);
    this.#publishers.set(path, publisher);
    if (this.#publishers.size <= MAX_PUBLISHERS) return;
    const [oldest] = this.#publishers.keys();
    if (oldest !== undefined) this.#publishers.delete(oldest);
  }

  /** The stream that a file is of, and the hooks that hear of it. */
  #tellFile(hook: "onRecordStarted" | "onRecordDone", path: string, details: FileDetails): void {
    const publisher = this.#publishers.get(path);
    const app = applicationOf(path);
    const target = publisher?.target ?? { path, app, name: path.slice(app.length + 1), query: "" };
    const targets = this.#targets(app, hook, target.name, details.recorder);
    this.#tell(publisher?.client, targets, { ...about(publisher?.client, target, publisher?.askedName), ...details });
  }
}

function event(details: HookDetails): HookEvent {
  return { id: `msg_${crypto.randomUUID()}`, at: new Date().toISOString(), ...details } as HookEvent;
}

function about<C extends Client | undefined>(client: C, target: AdmissionTarget, askedName = target.name) {
  const { path, app, name, query, args = query } = target;
  return { path, app, name, askedName, query, args, client };
}

/** Of a session that nobody was asked about. */
function unasked({ client, kind, target }: Session): AskedDetails {
  const stream = about(client, target);
  return kind === "publish"
    ? { type: "publish", ...stream, publishType: "live" }
    : { type: "play", ...stream, start: 0, duration: 0, reset: false };
}

function after(delay: Millis, work: () => void): () => void {
  const timer = setTimeout(work, delay);
  return () => clearTimeout(timer);
}

async function runTarget(target: ResolvedTarget, event: HookEvent, options: RunOptions): Promise<Verdict> {
  switch (target.kind) {
    case "function": {
      const answer = await target.call(event);
      return options.decides ? toVerdict(answer) : ALLOW;
    }
    case "webhook":
      return sendWebhook(target, event, options);
    case "command":
      return runCommand(target, event, options);
  }
}

/** The event is on its standard input, as JSON. */
function runCommand(
  { command, env }: ResolvedCommand,
  event: HookEvent,
  { signal, decides }: RunOptions,
): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const variables = hookVariables(event);
    const input = `${JSON.stringify(event)}\n`;
    const running = run({ command, variables, env, input }, ({ code, lastLine, reason }) => {
      if (code === 0) resolve(ALLOW);
      else if (code === undefined || !decides) reject(new HookFailure(lastLine ? `${reason}: ${lastLine}` : reason));
      else resolve(toVerdict({ deny: lastLine || NO_REASON }));
    });
    signal.addEventListener("abort", () => running.kill("SIGKILL"), { once: true });
  });
}
