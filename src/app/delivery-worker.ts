/** What runs in a serving thread: listens on addresses that it shares with the others, and asks the main thread. */
import { SWEEP_MS } from "../gateways/http/gateway.ts";
import { RemoteSource } from "../gateways/http/remote-source.ts";
import { HttpService } from "../gateways/http/service.ts";
import type { Serving } from "../gateways/http/serving.ts";
import { type SharedAnswer, STATE } from "../gateways/http/shared-answer.ts";
import type { ToMain, ToThread } from "../gateways/http/thread-messages.ts";
import type { Log, LogLevel } from "../log.ts";

declare const self: Worker;

/** How often the main thread is told of viewers. */
const TELL_MS = 1_000;
/** Of one stream, in that time. */
const MAX_TOLD = 20_000;

const post = (message: ToMain): void => self.postMessage(message);
const source = new RemoteSource(post);
const seen = new Map<string, Set<number>>();
let service: HttpService | undefined;

self.onmessage = ({ data }: MessageEvent<ToThread>) => {
  switch (data.type) {
    case "serve":
      void serve(data);
      return;
    case "close":
      void service?.close().finally(() => process.exit(0));
      return;
    default:
      source.receive(data);
  }
};

async function serve(serving: Serving): Promise<void> {
  try {
    service ??= new HttpService(
      {
        config: serving.config,
        source,
        flv: source,
        seen: saw,
        isStream,
        log: remoteLog(),
        now: () => performance.now(),
      },
      { reusePort: true },
    );
    await service.serve(serving);
    post({ type: "serving" });
  } catch (error) {
    post({ type: "refused", reason: error instanceof Error ? error.message : String(error) });
  }
}

function saw(path: string, viewer: number): void {
  let viewers = seen.get(path);
  if (!viewers) seen.set(path, (viewers = new Set()));
  if (viewers.size < MAX_TOLD) viewers.add(viewer);
}

function isStream(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const answered = (answer: SharedAnswer) => resolve(answer.kind === "text" && answer.status === 200);
    source.request({ stream: path, resource: STATE, query: "" }, answered);
  });
}

function remoteLog(): Log {
  const line =
    (level: LogLevel): Log["info"] =>
    (message, fields) =>
      post({ type: "log", level, message, fields });
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}

setInterval(() => {
  for (const [path, viewers] of seen) post({ type: "seen", path, viewers: Uint32Array.from(viewers) });
  seen.clear();
}, TELL_MS);
setInterval(() => {
  service?.sweep();
  source.count();
}, SWEEP_MS);
