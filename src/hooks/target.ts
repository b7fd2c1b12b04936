import type { HookEvent, HookFunction } from "./event.ts";

type Duration = number | string;

/** Which events of a list a target is told. */
export type HookFilter = {
  /** Only those of the stream of this name. */
  stream?: string;
  /** Only those of files of this recorder. */
  recorder?: string;
};

/** An HTTP or HTTPS address that is told of an event. */
export type Webhook = HookFilter & {
  url: string;
  /** JSON is sent signed by it, as Standard Webhooks has it: `whsec_` and base64, or any text. */
  secret?: string;
  /** Of the request; `get` only with `form`. Default: `post`. */
  method?: "get" | "post";
  /** `form`: fields as nginx-rtmp sends them. Default: `json`. */
  format?: "json" | "form";
  /** More header fields of the request. */
  headers?: Record<string, string>;
  /** How often it is tried again when nothing waits for the answer. Default: 5. */
  retries?: number;
  /** For one answer; `hooks.timeout` when left out. */
  timeout?: Duration;
  /** `false`: it is only told, and does not decide. Default: true. */
  wait?: boolean;
  /** A stream that it redirects is called here by the MD5 of the address, as by notify_relay_redirect. */
  hashRedirects?: boolean;
};

/** A program that is run for an event. Exit code 0 lets in; otherwise the last line of its errors is the reason. */
export type HookCommand = HookFilter & {
  /** Program and arguments; `$app`, `$name`, `$path` and others are filled in. */
  command: string[];
  /** Environment: `NAME` as the server has it, or `NAME=value`; all of the server's when left out. */
  env?: string[];
  /** For a decision; `hooks.timeout` when left out. */
  timeout?: Duration;
  /** `false`: it is only started, and does not decide. Default: true. */
  wait?: boolean;
};

/** Who is asked or told of an event: a function, an address, or a program. */
export type HookTarget<E extends HookEvent = HookEvent> = HookFunction<E> | string | Webhook | HookCommand;
/** One target, or a list of them in their order. */
export type HookTargets<E extends HookEvent = HookEvent> = HookTarget<E> | HookTarget<E>[];

/** A target with every default filled in, times in milliseconds. */
export type ResolvedTarget = HookFilter &
  (
    | { readonly kind: "function"; readonly call: HookFunction; readonly timeout?: number; readonly wait: true }
    | ResolvedWebhook
    | ResolvedCommand
  );
export type ResolvedWebhook = HookFilter & {
  readonly kind: "webhook";
  readonly url: string;
  readonly secret?: string;
  readonly method: "get" | "post";
  readonly format: "json" | "form";
  readonly headers: Readonly<Record<string, string>>;
  readonly retries: number;
  readonly timeout?: number;
  readonly wait: boolean;
  readonly hashRedirects: boolean;
};
export type ResolvedCommand = HookFilter & {
  readonly kind: "command";
  readonly command: readonly string[];
  readonly env?: readonly string[];
  readonly timeout?: number;
  readonly wait: boolean;
};
