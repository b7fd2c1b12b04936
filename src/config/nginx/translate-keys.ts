import type { Draft } from "./draft.ts";
import { argument, inForce, type Scope } from "./scope.ts";

const OPTIONS = [
  ["hls_key_path", "path"],
  ["hls_key_url", "url"],
  ["hls_fragments_per_key", "segments"],
] as const;

/** Translates the encryption of an application's segments. */
export function translateKeys(scope: Scope, base: readonly string[], draft: Draft): void {
  const keys = inForce(scope, "hls_keys");
  if (!keys || argument(scope, "hls_keys") !== "on") return;
  const path = [...base, "hls", "keys"];
  draft.set(path, {}, keys.directive);
  for (const [name, key] of OPTIONS) {
    const found = inForce(scope, name)?.directive;
    const [value = ""] = found?.args ?? [];
    if (found && value !== "") draft.set([...path, key], key === "segments" ? Number(value) : value, found);
  }
}
