import type { Conditions } from "./conditions.ts";
import type { PageAsset, PageAssets } from "./page-assets.ts";
import type { Responses } from "./responses.ts";

/**
 * Scripts, connections and media come from this server only. `blob:` is what Media Source Extensions play from; inline
 * styles are those of media-chrome's shadow roots. Framing is allowed: people embed the watch page.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const PAGE_HEADERS = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "referrer-policy": "same-origin",
};

export type PageName = "start.html" | "watch.html";

/** Answers with a page. */
export async function answerPage(
  assets: PageAssets,
  responses: Responses,
  name: PageName,
  conditions: Conditions,
): Promise<Response> {
  const page = await assets.get(name);
  return page ? responses.asset(page, false, conditions, PAGE_HEADERS) : missing(responses);
}

/** Answers with a file that a page needs. */
export async function answerAsset(
  assets: PageAssets,
  responses: Responses,
  name: string,
  conditions: Conditions,
): Promise<Response> {
  const asset: PageAsset | undefined = await assets.get(name);
  if (!asset) return missing(responses);
  return responses.asset(asset, /-[0-9a-z]{8}\.\w+$/.test(name), conditions);
}

function missing(responses: Responses): Response {
  return responses.text(404, "there is no such file");
}
