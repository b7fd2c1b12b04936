import { formatDuration } from "../units.ts";
import type { Draft } from "./draft.ts";
import { blocks, inForce, type Scope } from "./scope.ts";
import { parseNginxTime } from "./values.ts";

/** Translates `play` and what belongs to it. Lines of one block add up, and hide those of the blocks around it. */
export function translateVod(scope: Scope, base: readonly string[], draft: Draft): void {
  const lines = scope.map((node) => blocks(node, "play")).find((found) => found.length > 0) ?? [];
  const [first] = lines;
  if (!first) return;
  const from = lines.flatMap(({ directive }) => directive.args);
  draft.set([...base, "files", "from"], from, first.directive);
  for (const { directive } of lines.slice(1)) draft.note(directive, `${base.join(".")}.files.from`);
  const settings = [
    ["play_temp_path", "temporaryDirectory"],
    ["play_local_path", "keepDirectory"],
  ] as const;
  for (const [name, key] of settings) {
    const found = inForce(scope, name);
    if (found) draft.set([...base, "files", key], found.directive.args[0], found.directive);
  }
  const buflen = inForce(scope, "buflen");
  const ms = parseNginxTime(buflen?.directive.args[0] ?? "");
  if (buflen && ms !== undefined) draft.set([...base, "files", "buffer"], formatDuration(ms), buflen.directive);
}
