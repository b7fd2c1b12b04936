import type { FlvSource } from "../gateways/http/flv-source.ts";
import type { LocalSource } from "../gateways/http/local-source.ts";
import type { Serving } from "../gateways/http/serving.ts";
import { ThreadDesk } from "../gateways/http/thread-desk.ts";
import type { ToMain, ToThread } from "../gateways/http/thread-messages.ts";
import type { Log } from "../log.ts";
import { isExecutable } from "./executable.ts";

export type DeliveryThreadOptions = {
  readonly source: LocalSource;
  /** Without, nothing is played as FLV. */
  readonly flv?: FlvSource;
  readonly seen: (path: string, viewer: number) => void;
  /** What it is to serve now. */
  readonly serve: () => Serving;
  readonly log: Log;
};

/** Until a thread that failed is started again; viewers of the others do not notice. */
const RESTART_MS = 500;
/** How long a thread is given to end by itself. */
const CLOSE_MS = 1_000;

/** A thread that answers viewers; started again when it fails. Only to be used from the main thread. */
export class DeliveryThread {
  #worker: Worker | undefined;
  #closing = false;
  #reloaded: Promise<void> = Promise.resolve();
  #settle: { resolve(): void; reject(error: Error): void } | undefined;
  #ended: (() => void) | undefined;

  constructor(private readonly options: DeliveryThreadOptions) {}

  /** Resolves when it listens. */
  start(): Promise<void> {
    const worker = new Worker(MODULE);
    this.#worker = worker;
    const desk = new ThreadDesk(this.options.source, (message) => worker.postMessage(message), this.options.flv);
    let reason: string | undefined;
    worker.addEventListener("message", (event: MessageEvent<ToMain>) => this.#receive(event.data, desk));
    worker.addEventListener("error", (event) => {
      reason = event.message;
    });
    worker.addEventListener("close", () => this.#closed(desk, reason));
    return this.reload();
  }

  /** Resolves when it does what it is to do now. */
  reload(): Promise<void> {
    const reload = () =>
      new Promise<void>((resolve, reject) => {
        this.#settle = { resolve, reject };
        this.#post({ type: "serve", ...this.options.serve() });
      });
    // One after the other: the thread's answer does not say which it is for.
    this.#reloaded = this.#reloaded.then(reload, reload);
    return this.#reloaded;
  }

  /** Drops its connections; harmless when called twice. */
  async close(): Promise<void> {
    if (this.#closing || !this.#worker) return;
    this.#closing = true;
    const ended = new Promise<void>((resolve) => {
      this.#ended = resolve;
    });
    this.#post({ type: "close" });
    await Promise.race([ended, Bun.sleep(CLOSE_MS)]);
    this.#worker?.terminate();
  }

  #post(message: ToThread): void {
    this.#worker?.postMessage(message);
  }

  #receive(message: ToMain, desk: ThreadDesk): void {
    switch (message.type) {
      case "ask":
        desk.ask(message);
        return;
      case "play":
        desk.play(message);
        return;
      case "leave":
        desk.leave(message.id);
        return;
      case "enter":
        desk.enter(message);
        return;
      case "counted":
        desk.counted(message);
        return;
      case "left":
        desk.left(message);
        return;
      case "cancel":
        desk.cancel(message.id);
        return;
      case "seen":
        for (const viewer of message.viewers) this.options.seen(message.path, viewer);
        return;
      case "log":
        this.options.log[message.level](message.message, message.fields);
        return;
      case "serving":
        this.#settle?.resolve();
        return;
      case "refused":
        this.#settle?.reject(new Error(message.reason));
        return;
      default:
        message satisfies never;
    }
  }

  #closed(desk: ThreadDesk, reason: string | undefined): void {
    desk.close();
    this.#ended?.();
    this.#settle?.reject(new Error(reason ?? "a serving thread ended"));
    if (this.#closing) return;
    this.options.log.error("a serving thread failed and is started again", { error: reason?.split("\n", 1)[0] });
    setTimeout(() => {
      if (this.#closing) return;
      this.start().catch((error) => this.options.log.error("a serving thread cannot start", { error: String(error) }));
    }, RESTART_MS);
  }
}

/** In the executable, all modules that are started lie side by side. */
const MODULE = isExecutable() ? "./delivery-worker.ts" : new URL("./delivery-worker.ts", import.meta.url).href;
