import type { HttpConfig, HttpLocation, HttpRewrite } from "./config.ts";
import { matchLocation } from "./location.ts";
import { cleanPath, type RequestTarget } from "./request-target.ts";
import { encodePath, expand } from "./variables.ts";

/** Where a request is answered, and as what; or a status, with the URL that a redirect leads to. */
export type Place =
  | { readonly location: HttpLocation | undefined; readonly target: RequestTarget }
  | { readonly status: number; readonly to: string };

/** Rewritten more often than this, a request goes in circles, as in nginx. */
export const MAX_HOPS = 10;

/** The location of a request, after `rewrites`. @param first it comes from a client, and not from an error page and the like */
export function findPlace(config: HttpConfig, asked: RequestTarget, request: Request, first: boolean): Place {
  const rewritten = first ? rewrite(config.rewrites, asked, request) : undefined;
  if (rewritten && "status" in rewritten) return rewritten;
  let target = rewritten?.target ?? asked;
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    const location = matchLocation(config.locations, target.path);
    const next = location && rewrite(location.rewrites, target, request);
    if (!next) return { location, target };
    if ("status" in next) return next;
    if (next.stays) return { location, target: next.target };
    target = next.target;
  }
  return { status: 500, to: "" };
}

type Rewritten =
  | { readonly target: RequestTarget; readonly stays: boolean }
  | { readonly status: number; readonly to: string };

/** Undefined when no rule applies. */
function rewrite(rules: readonly HttpRewrite[], asked: RequestTarget, request: Request): Rewritten | undefined {
  let target: RequestTarget | undefined;
  for (const rule of rules) {
    const { path, query } = target ?? asked;
    const captures = patternOf(rule).exec(path);
    if (!captures) continue;
    const mark = rule.to.indexOf("?");
    const [toPath, toQuery] = mark < 0 ? [rule.to, ""] : [rule.to.slice(0, mark), rule.to.slice(mark + 1)];
    const fill = (text: string, encode?: (path: string) => string) =>
      expand(text, { path, query, request }, captures, encode);
    // What the client has asked for is kept, unless a `?` ends the rule.
    const kept = rule.to.endsWith("?") ? "" : query;
    const nextQuery = [fill(toQuery, encodePath), kept].filter((part) => part !== "").join("&");
    if (rule.after === "redirect" || rule.after === "permanent" || /^(https?:\/\/|\$scheme)/.test(toPath)) {
      const to = fill(toPath, encodePath) + (nextQuery && `?${nextQuery}`);
      return { status: rule.after === "permanent" ? 301 : 302, to };
    }
    const nextPath = cleanPath(fill(toPath));
    if (nextPath === undefined) return { status: 400, to: "" };
    target = { path: nextPath, query: nextQuery };
    if (rule.after !== "next") return { target, stays: rule.after === "break" };
  }
  return target && { target, stays: false };
}

const patterns = new WeakMap<HttpRewrite, RegExp>();

function patternOf(rule: HttpRewrite): RegExp {
  let pattern = patterns.get(rule);
  if (!pattern) patterns.set(rule, (pattern = new RegExp(rule.pattern, rule.ignoreCase ? "i" : "")));
  return pattern;
}
