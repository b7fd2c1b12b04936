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
export function answerPage(
  assets: PageAssets,
  responses: Responses,
  name: PageName,
  conditions: Conditions,
): Response | Promise<Response> {
  return answerWith(assets.get(name), responses, (page) => responses.asset(page, false, conditions, PAGE_HEADERS));
}

/** Answers with a file that a page needs. */
export function answerAsset(
  assets: PageAssets,
  responses: Responses,
  name: string,
  conditions: Conditions,
): Response | Promise<Response> {
  const immutable = /-[0-9a-z]{8}\.\w+$/.test(name);
  return answerWith(assets.get(name), responses, (asset) => responses.asset(asset, immutable, conditions));
}

type Found = PageAsset | undefined;

function answerWith(
  found: Found | Promise<Found>,
  responses: Responses,
  respond: (asset: PageAsset) => Response,
): Response | Promise<Response> {
  const answer = (asset: Found) => (asset ? respond(asset) : responses.text(404, "there is no such file"));
  return found instanceof Promise ? found.then(answer) : answer(found);
}
