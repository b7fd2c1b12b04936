import { z } from "zod";
import { duration, formatDuration, shown } from "../config/units.ts";
import type {
  ConnectEvent,
  DisconnectEvent,
  DoneEvent,
  HookEvent,
  HookFunction,
  PlayDoneEvent,
  PlayEvent,
  PublishDoneEvent,
  PublishEvent,
  RecordDoneEvent,
  RecordStartedEvent,
  UpdateEvent,
} from "./event.ts";
import type { HookTargets, ResolvedTarget } from "./target.ts";

/** Targets of one event: more would hold up whoever waits. */
const MAX_TARGETS = 64;
const FORM = "a function (in naru.config.ts), a URL, { url, ... } or { command: [...] }, or a list of these";

const filter = { stream: z.string().optional(), recorder: z.string().optional() };
const url = z.string().refine(isWebAddress, { error: "expected an http:// or https:// address" });
const webhookSchema = z
  .strictObject({
    ...filter,
    url,
    secret: z.string().min(1).optional(),
    method: z.enum(["get", "post"]).default("post"),
    format: z.enum(["json", "form"]).default("json"),
    headers: z.record(z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/), z.string().regex(/^[^\r\n\0]*$/)).default({}),
    retries: z.int().min(0).max(20).default(5),
    timeout: duration({ min: 100, max: 600_000 }).optional(),
    wait: z.boolean().default(true),
    hashRedirects: z.boolean().default(false),
  })
  .refine(({ method, format }) => method === "post" || format === "form", {
    error: 'expected "post": JSON is sent in a body',
    path: ["method"],
  })
  .transform((webhook) => ({ ...webhook, kind: "webhook" as const }));
const commandSchema = z
  .strictObject({
    ...filter,
    command: z.array(z.string()).min(1),
    env: z.array(z.string()).optional(),
    timeout: duration({ min: 100, max: 600_000 }).optional(),
    wait: z.boolean().default(true),
  })
  .transform((command) => ({ ...command, kind: "command" as const }));

const target = {
  type: ["string", "object"],
  properties: { url: { type: "string" }, command: { type: "array", items: { type: "string" } } },
};
const JSON_SCHEMA = { anyOf: [target, { type: "array", items: target }], title: FORM };

/** @param type of the event, as TypeScript names it */
function targets<E extends HookEvent>(type: string) {
  return z
    .custom<HookTargets<E>>(() => true)
    .transform((written, ctx): readonly ResolvedTarget[] => {
      const isList = Array.isArray(written);
      const items: readonly unknown[] = isList ? written : [written];
      if (items.length > MAX_TARGETS) {
        ctx.addIssue({ code: "custom", message: `expected at most ${MAX_TARGETS} hooks, got ${items.length}` });
        return z.NEVER;
      }
      const resolved: ResolvedTarget[] = [];
      for (const [index, item] of items.entries()) {
        const result = resolveTarget(item);
        if (result.success) resolved.push(result.data);
        else {
          for (const issue of result.error.issues) {
            const at = isList ? [index, ...issue.path] : issue.path;
            ctx.issues.push({ ...issue, path: at } as z.core.$ZodRawIssue);
          }
        }
      }
      return ctx.issues.length > 0 ? z.NEVER : resolved;
    })
    .meta({ typed: { type: `HookTargets<hooks.${type}>`, words: "hooks", json: JSON_SCHEMA, write: writtenTargets } })
    .prefault([]);
}

const textSchema = url.transform((address) => webhookSchema.parse({ url: address }));
const unknownSchema = z.never({ error: (issue) => `expected ${FORM}, got ${shown(issue.input)}` });

function resolveTarget(item: unknown): z.ZodSafeParseResult<ResolvedTarget> {
  if (typeof item === "function") {
    return { success: true, data: { kind: "function", call: item as HookFunction, wait: true } };
  }
  const options = { reportInput: true };
  if (typeof item === "string") return textSchema.safeParse(item, options) as z.ZodSafeParseResult<ResolvedTarget>;
  if (typeof item !== "object" || item === null || Array.isArray(item)) return unknownSchema.safeParse(item, options);
  const schema = "command" in item ? commandSchema : webhookSchema;
  return schema.safeParse(item, options) as z.ZodSafeParseResult<ResolvedTarget>;
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** As `naru check` prints them and changes are found by: without what is secret. */
function writtenTargets(resolved: unknown): unknown {
  return (resolved as readonly ResolvedTarget[]).map((target) => {
    if (target.kind === "function") return String(target.call);
    const { kind: _, timeout, ...rest } = target;
    const time = timeout === undefined ? {} : { timeout: formatDuration(timeout) };
    if (!("url" in rest)) return { ...rest, ...time };
    const secret = rest.secret === undefined ? {} : { secret: "***" };
    const headers = Object.keys(rest.headers);
    return {
      ...rest,
      ...time,
      ...secret,
      url: maskedUrl(rest.url),
      headers: Object.fromEntries(headers.map((name) => [name, "***"])),
    };
  });
}

/** An address without what may be a secret in it: user, password, query. */
export function maskedUrl(address: string): string {
  const { protocol, host, pathname, search } = new URL(address);
  return `${protocol}//${host}${pathname}${search === "" ? "" : "?***"}`;
}

const decides = "It is waited for, and may refuse, rename or redirect.";

/** Of the whole server. */
export const hooksSchema = z
  .strictObject({
    onConnect: targets<ConnectEvent>("ConnectEvent").describe(`When somebody connects. ${decides}`),
    onDisconnect: targets<DisconnectEvent>("DisconnectEvent").describe("When somebody has left."),
    timeout: duration({ min: 100, max: 600_000 }).default(10_000).describe("How long an answer is waited for."),
    onFailure: z
      .enum(["deny", "allow"])
      .default("deny")
      .describe("What a hook that decides stands for when it throws, does not answer in time or cannot be reached."),
  })
  .prefault({});
export type HooksConfig = z.output<typeof hooksSchema>;

/** Of an application. */
export const applicationHooksSchema = z
  .strictObject({
    onConnect: targets<ConnectEvent>("ConnectEvent").describe(`When somebody connects to this application. ${decides}`),
    onDisconnect: targets<DisconnectEvent>("DisconnectEvent").describe("When somebody has left it."),
    onPublish: targets<PublishEvent>("PublishEvent").describe(`When somebody wants to publish. ${decides}`),
    onPlay: targets<PlayEvent>("PlayEvent").describe(
      `When somebody wants to play by RTMP, HTTP-FLV or WebSocket-FLV. ${decides}`,
    ),
    onPublishDone: targets<PublishDoneEvent>("PublishDoneEvent").describe("When a publish has ended."),
    onPlayDone: targets<PlayDoneEvent>("PlayDoneEvent").describe("When a play has ended."),
    onDone: targets<DoneEvent>("DoneEvent").describe("When either has ended."),
    onUpdate: targets<UpdateEvent>("UpdateEvent").describe(
      "Every `updateEvery`, for each that publishes or plays; who is refused is closed.",
    ),
    onRecordStarted: targets<RecordStartedEvent>("RecordStartedEvent").describe("When a file of a recording is begun."),
    onRecordDone: targets<RecordDoneEvent>("RecordDoneEvent").describe("When a file of a recording is complete."),
    updateEvery: duration({ min: 100 }).default(30_000).describe("How often `onUpdate` is called."),
    updateStrict: z
      .boolean()
      .default(false)
      .describe("An `onUpdate` that fails, or answers anything but yes, closes the client, too."),
  })
  .prefault({});
export type ApplicationHooks = z.output<typeof applicationHooksSchema>;
