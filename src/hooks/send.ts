import type { Verdict } from "../streams/admission.ts";
import type { HookEvent } from "./event.ts";
import type { ResolvedWebhook } from "./target.ts";
import { ALLOW, HookFailure } from "./verdict.ts";
import { webhookRequest, webhookVerdict } from "./webhook.ts";

/** Of an answer's body that is read. */
const MAX_BODY = 64 * 1024;

/**
 * Tells a webhook an event.
 * @param decides whether the answer is asked for; otherwise it counts only that there is one
 * @throws HookFailure without an answer, or with one that decides nothing
 */
export async function sendWebhook(
  target: ResolvedWebhook,
  event: HookEvent,
  { signal, decides }: { readonly signal: AbortSignal; readonly decides: boolean },
): Promise<Verdict> {
  const { url, ...request } = webhookRequest(target, event, Math.floor(Date.now() / 1000));
  let response: Response;
  try {
    // A connection that was kept may be closed at the other end just now, and a call cannot be told twice without harm.
    response = await fetch(url, { ...request, signal, redirect: "manual", keepalive: false });
  } catch (error) {
    throw new HookFailure(codeOf(error));
  }
  const { status } = response;
  if (!decides) {
    await response.body?.cancel();
    if (status >= 400) throw new HookFailure(`answered ${status}`);
    return ALLOW;
  }
  const isJson = target.format === "json" && /\bjson\b/i.test(response.headers.get("content-type") ?? "");
  const json = isJson ? await readBody(response) : undefined;
  if (!isJson) await response.body?.cancel();
  return webhookVerdict(target, { status, location: response.headers.get("location") ?? undefined, json });
}

async function readBody(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_BODY) throw new HookFailure(`the answer is longer than ${MAX_BODY} bytes`);
  }
  return text;
}

/** Without the address, which may hold secrets. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "cannot be reached";
}
