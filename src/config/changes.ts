import { isSettings } from "./layers.ts";
import type { KeyPath } from "./mistake.ts";
import type { Config } from "./schema.ts";

/** A setting whose value differs; a whole application that was added or removed is one change. */
export type Change = { readonly path: KeyPath; readonly before: unknown; readonly after: unknown };

/** Finds the settings in which two configurations differ, in the order of the schema. Lists are compared whole. */
export function changesBetween(before: Config, after: Config): readonly Change[] {
  const changes: Change[] = [];
  compare([], before, after, changes);
  return changes;
}

function compare(path: KeyPath, before: unknown, after: unknown, changes: Change[]): void {
  if (isSettings(before) && isSettings(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compare([...path, key], before[key], after[key], changes);
    }
  } else if (!Bun.deepEquals(before, after)) {
    changes.push({ path, before, after });
  }
}
