import type { Millis } from "../../media/time.ts";
import type { RtmpMedia, RtmpServerEvent } from "../../protocols/rtmp/server-event.ts";
import type { AdmissionTarget } from "../../streams/admission.ts";
import type { Client } from "../../streams/client.ts";
import { type Publisher, PublishRefusedError } from "../../streams/publish.ts";
import type { ConnectionContext } from "./connection-context.ts";
import { Publish } from "./publish.ts";

const REFUSAL_CODES: Readonly<Record<PublishRefusedError["code"], string>> = {
  "already-publishing": "NetStream.Publish.BadName",
  "bad-path": "NetStream.Publish.BadName",
  "unknown-application": "NetStream.Publish.BadName",
  "not-live": "NetStream.Publish.Denied",
  "no-backup": "NetStream.Publish.Denied",
  denied: "NetStream.Publish.Denied",
  "limit-reached": "NetStream.Publish.Rejected",
  "relay-loop": "NetStream.Publish.BadName",
};

type PublishRequested = Extract<RtmpServerEvent, { type: "publishRequested" }>;

/** The publishes of one connection: lets them in, hands their media on, ends them. */
export class ConnectionPublishes {
  readonly #publishes = new Map<number, Publish>();
  readonly #context: ConnectionContext;

  constructor(context: ConnectionContext) {
    this.#context = context;
  }

  get size(): number {
    return this.#publishes.size;
  }

  /** Which of several publishes bytes belong to is not known; the first counts them all. False when there is none. */
  received(bytes: number): boolean {
    for (const first of this.#publishes.values()) {
      first.received(bytes);
      return true;
    }
    return false;
  }

  media(message: RtmpMedia, now: Millis): void {
    this.#publishes.get(message.id)?.media(message, now);
  }

  requested({ id, target, args, publishType }: PublishRequested): void {
    const { session, admission } = this.#context.options;
    const client = this.#context.client();
    // It may have been taken back in the same breath.
    if (!client || !session.awaits(id)) return;
    const found = this.#context.gate.locate(target);
    if (!found) {
      this.#refusePublish(id, target, "unknown-application", `there is no application "${target.app}"`);
      return;
    }
    const asked = { ...found, args, publishType };
    this.#context.decide(admission.publish(client, asked), (verdict) => {
      if (!session.awaits(id)) return;
      const decision = this.#context.gate.decide("publish", client, asked, verdict);
      if (decision.type === "refused") this.#refusePublish(id, asked, "denied", decision.reason);
      // A name that is taken is somebody else's stream, which is not to be sent there.
      else if (this.#publish(id, client, decision.target)) decision.relay?.();
    });
  }

  #refusePublish(id: number, { path }: AdmissionTarget, code: PublishRefusedError["code"], reason: string): void {
    const { log, remote, session } = this.#context.options;
    log.warn("publish refused", { path, remote, code, reason });
    this.#context.run(session.rejectPublish(id, REFUSAL_CODES[code], reason));
  }

  /** False when it is refused. */
  #publish(id: number, client: Client, target: AdmissionTarget): boolean {
    const { log, clock, session, sessions } = this.#context.options;
    const begin = (to: AdmissionTarget) => this.#publisher(id, to);
    let publish: Publish;
    try {
      publish = new Publish({
        client,
        target,
        begin,
        sessions,
        counters: this.#context.counters,
        drop: (reason) => this.#context.guard(() => this.#dropPublish(id, reason)),
        log,
        clock,
      });
    } catch (error) {
      if (!(error instanceof PublishRefusedError)) throw error;
      this.#refusePublish(id, target, error.code, error.message);
      return false;
    }
    this.#publishes.set(id, publish);
    publish.start();
    if (!this.#publishes.has(id)) return false;
    this.#context.run(session.acceptPublish(id, clock()));
    return true;
  }

  /** @throws PublishRefusedError */
  #publisher(id: number, { path, query }: AdmissionTarget): Publisher {
    const { ingest, clock, remote } = this.#context.options;
    const agent = this.#context.request()?.agent || undefined;
    const onClosed = (reason: string) => this.#context.guard(() => this.#onEndedByServer(id, reason));
    const onNotice = (code: string, description: string) =>
      this.#context.guard(() => this.#context.run(this.#context.options.session.publishNotice(id, code, description)));
    const { via } = this.#context.request() ?? {};
    return ingest.publish({ path, protocol: "rtmp", remote, query, agent, via, onClosed, onNotice }, clock());
  }

  #dropPublish(id: number, reason: string): void {
    this.#onEndedByServer(id, reason);
    this.#context.drop(reason);
  }

  /** Taken over, kicked, or the server shuts down. */
  #onEndedByServer(id: number, reason: string): void {
    if (!this.#publishes.has(id)) return;
    this.end(id, reason);
    this.#context.run(this.#context.options.session.rejectPublish(id, "NetStream.Publish.Denied", reason));
  }

  endAll(reason: string): void {
    for (const id of [...this.#publishes.keys()]) this.end(id, reason);
  }

  end(id: number, reason: string): void {
    const publish = this.#publishes.get(id);
    this.#publishes.delete(id);
    publish?.end(reason, this.#context.options.clock());
  }
}
