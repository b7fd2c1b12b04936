import { formatPath, type KeyPath } from "./mistake.ts";
import { type Config, configSchema } from "./schema.ts";
import { type SettingNode, settingTree } from "./tree.ts";
import { settingValues, writtenValue } from "./values.ts";

/** A setting whose value differs, with the values as a user would write them; undefined where there is none. */
export type Change = { readonly path: KeyPath; readonly before: unknown; readonly after: unknown };

/**
 * Finds the settings in which two configurations differ, in the order of the schema. Lists are compared whole; an
 * application that was added or removed is one change.
 */
export function changesBetween(before: Config, after: Config): readonly Change[] {
  const tree = settingTree(configSchema);
  const changes: Change[] = [];
  const was = valuesOf(before, tree, after);
  const is = valuesOf(after, tree, before);
  for (const [key, { path }] of [...was, ...[...is].filter(([key]) => !was.has(key))]) {
    const [old, now] = [was.get(key)?.value, is.get(key)?.value];
    if (!Bun.deepEquals(old, now)) changes.push({ path, before: old, after: now });
  }
  return changes;
}

type Written = { readonly path: KeyPath; readonly value: unknown };

/** @param other where an application is not in it, the application stands for all of its settings */
function valuesOf(config: Config, tree: SettingNode, other: Config): Map<string, Written> {
  const values = new Map<string, Written>();
  for (const { path, node, value } of settingValues(config, tree)) {
    const [group, name = ""] = path.map(String);
    const isAlone = group === "applications" && !Object.hasOwn(other.applications, name);
    const shown = isAlone ? { path: path.slice(0, 2), value: true } : { path, value: writtenValue(node, value) };
    values.set(formatPath(shown.path), shown);
  }
  return values;
}
