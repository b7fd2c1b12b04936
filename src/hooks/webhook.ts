import { createHash, createHmac } from "node:crypto";
import type { Verdict } from "../streams/admission.ts";
import type { HookEvent } from "./event.ts";
import { formatNginxForm } from "./nginx-form.ts";
import type { ResolvedWebhook } from "./target.ts";
import { ALLOW, HookFailure, NO_REASON, toVerdict } from "./verdict.ts";

export type WebhookRequest = {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
};

/**
 * The request that tells an event.
 * @param seconds since 1970, of this attempt
 */
export function webhookRequest(target: ResolvedWebhook, event: HookEvent, seconds: number): WebhookRequest {
  const { url, method, format, headers } = target;
  if (format === "form") {
    const form = formatNginxForm(event);
    const type = { "content-type": "application/x-www-form-urlencoded" };
    if (method === "post") return { url, method: "POST", headers: { ...type, ...headers }, body: form };
    const joint = url.includes("?") ? "&" : "?";
    return { url: `${url}${joint}${form}`, method: "GET", headers: { ...type, ...headers }, body: undefined };
  }
  const { type, at, id, ...data } = event;
  const body = JSON.stringify({ type, timestamp: at, data });
  const signed: Record<string, string> =
    target.secret === undefined ? {} : { "webhook-signature": sign(target.secret, id, seconds, body) };
  const own = { "content-type": "application/json", "webhook-id": id, "webhook-timestamp": String(seconds), ...signed };
  return { url, method: "POST", headers: { ...headers, ...own }, body };
}

/** Of Standard Webhooks 1.0.0 ("Signature scheme"): HMAC-SHA256 over `id.timestamp.body`. */
export function sign(secret: string, id: string, seconds: number, body: string): string {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice("whsec_".length), "base64") : secret;
  return `v1,${createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64")}`;
}

export type WebhookResponse = {
  readonly status: number;
  readonly location: string | undefined;
  /** Text of a JSON body; undefined when it is something else. */
  readonly json: string | undefined;
};

/** What an answer decides. @throws HookFailure when it decides nothing */
export function webhookVerdict(target: ResolvedWebhook, { status, location, json }: WebhookResponse): Verdict {
  if (status >= 300 && status < 400) return location === undefined ? ALLOW : located(target, location);
  const ok = status >= 200 && status < 300;
  if (target.format === "form") return ok ? ALLOW : { type: "deny", reason: NO_REASON };
  if (status >= 500) throw new HookFailure(`answered ${status}`);
  const said = parse(json);
  if (ok) return toVerdict(said);
  const deny = typeof said === "object" && said !== null && "deny" in said ? said.deny : undefined;
  return toVerdict({ deny: typeof deny === "string" && deny !== "" ? deny : NO_REASON });
}

function located({ hashRedirects }: ResolvedWebhook, location: string): Verdict {
  if (!/^rtmps?:\/\//i.test(location)) return toVerdict({ rename: location });
  const name = hashRedirects ? createHash("md5").update(location).digest("hex") : undefined;
  return toVerdict({ redirect: location, name });
}

function parse(json: string | undefined): unknown {
  if (json === undefined || json.trim() === "") return undefined;
  try {
    return JSON.parse(json);
  } catch {
    throw new HookFailure("the answer is not JSON");
  }
}
