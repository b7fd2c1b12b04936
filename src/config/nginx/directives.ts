import type { Context, DirectiveSpec } from "./spec.ts";
import { words } from "./spec.ts";
import { HTTP_DIRECTIVES, HTTP_FAMILIES } from "./table/http.ts";
import { INCLUDE, ROOT_DIRECTIVES } from "./table/root.ts";
import { FORK_DIRECTIVES, RTMP_DIRECTIVES } from "./table/rtmp.ts";
import { SITE_DIRECTIVES } from "./table/site.ts";

/** Every directive that is known by name. To support one more, change its entry. */
export const DIRECTIVES: readonly DirectiveSpec[] = [
  ...RTMP_DIRECTIVES,
  ...FORK_DIRECTIVES,
  ...ROOT_DIRECTIVES,
  ...HTTP_DIRECTIVES,
  ...SITE_DIRECTIVES,
  INCLUDE,
];

const HTTP_CONTEXTS: readonly Context[] = ["http", "http server", "location", "if"];

const byName = Map.groupBy(DIRECTIVES, (spec) => spec.name);

export type Lookup =
  | { readonly found: "here"; readonly spec: DirectiveSpec }
  /** Known, but not allowed in this block. */
  | { readonly found: "elsewhere"; readonly contexts: readonly Context[] }
  | { readonly found: "nowhere" };

/** Finds what a name means inside a block: `server`, `listen` and others mean one thing in rtmp, another in http. */
export function findDirective(name: string, context: Context): Lookup {
  if (name === INCLUDE.name) return { found: "here", spec: INCLUDE };
  const named = byName.get(name) ?? [];
  const here = named.find((spec) => spec.contexts.includes(context));
  if (here) return { found: "here", spec: here };
  if (HTTP_CONTEXTS.includes(context)) {
    const family = HTTP_FAMILIES.find((candidate) => candidate.name.test(name));
    if (family) {
      const spec = { name, contexts: HTTP_CONTEXTS, args: words(0), outcome: family.outcome, repeats: true };
      return { found: "here", spec };
    }
  }
  if (named.length > 0) return { found: "elsewhere", contexts: named.flatMap((spec) => spec.contexts) };
  return { found: "nowhere" };
}

/** Names that are allowed inside a block, for suggestions. */
export function namesIn(context: Context): readonly string[] {
  return DIRECTIVES.filter((spec) => spec.contexts.includes(context)).map((spec) => spec.name);
}
