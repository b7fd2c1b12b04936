import type { Draft } from "./draft.ts";
import { blocks, type Scope } from "./scope.ts";
import type { Node } from "./validate.ts";

const isRule = ({ directive }: Node): boolean => directive.name === "allow" || directive.name === "deny";

/** Translates the access rules of an application: its own come first, then those of the blocks around it. */
export function translateAccess(scope: Scope, base: readonly string[], draft: Draft): void {
  const rules = scope.flatMap((block) => block.children.filter(isRule));
  const [first] = rules;
  // Nothing is kept out.
  if (!first || scope.every((block) => blocks(block, "deny").length === 0)) return;
  const path = [...base, "access"];
  draft.set(path, rules.map(toRule), first.directive, true);
  for (const [index, { directive }] of rules.entries()) {
    draft.mark([...path, index], directive);
    draft.note(directive, path.join("."));
  }
}

function toRule({ directive: { name, args } }: Node): Record<string, string> {
  const [word, ...rest] = args;
  const only = word === "publish" || word === "play" ? word : undefined;
  return { [name]: (only ? rest[0] : word) ?? "", ...(only && { for: only }) };
}
