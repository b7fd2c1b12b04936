import { isSettings } from "./layers.ts";
import type { KeyPath } from "./mistake.ts";
import type { SettingNode } from "./tree.ts";
import { formatBitrate, formatDuration, formatListen, formatSize, type ListenAddress } from "./units.ts";

/** One setting with its value. */
export type SettingValue = { readonly path: KeyPath; readonly node: SettingNode; readonly value: unknown };

/** Every setting of a resolved configuration, in the order of the schema. */
export function settingValues(config: unknown, tree: SettingNode, path: KeyPath = []): readonly SettingValue[] {
  if (tree.kind === "group" && isSettings(config)) {
    return [...tree.fields].flatMap(([key, field]) => settingValues(config[key], field, [...path, key]));
  }
  if (tree.kind === "map" && tree.value.kind === "group" && isSettings(config)) {
    return Object.entries(config).flatMap(([key, value]) => settingValues(value, tree.value, [...path, key]));
  }
  return config === undefined ? [] : [{ path, node: tree, value: config }];
}

/** A resolved value as a user would write it: times, sizes and addresses as text or bare numbers, a function as its source. */
export function writtenValue(node: SettingNode, value: unknown): unknown {
  if (node.kind === "unit") {
    if (node.unit === "duration") return formatDuration(value as number);
    if (node.unit === "size") return formatSize(value as number);
    if (node.unit === "bitrate") return formatBitrate(value as number);
    const text = formatListen(value as ListenAddress);
    return /^\d+$/.test(text) ? Number(text) : text;
  }
  if (node.kind === "typed") return node.write(value);
  if (typeof value === "function") return String(value);
  if (node.kind === "list" && Array.isArray(value)) return value.map((item) => writtenValue(node.item, item));
  if (node.kind === "group" && isSettings(value)) {
    const known = Object.entries(value).filter(([key, inner]) => inner !== undefined && node.fields.has(key));
    return Object.fromEntries(known.map(([key, inner]) => [key, writtenValue(node.fields.get(key) ?? node, inner)]));
  }
  return value;
}

/** Resolved settings that may be shown: as they are, but for what is secret. */
export function withoutSecrets(node: SettingNode, value: unknown): unknown {
  if (node.kind === "typed") return node.write(value);
  if (node.kind === "list" && Array.isArray(value)) return value.map((item) => withoutSecrets(node.item, item));
  if ((node.kind !== "group" && node.kind !== "map") || typeof value !== "object" || value === null) return value;
  const inner = (key: string) => (node.kind === "map" ? node.value : node.fields.get(key));
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [
      key,
      withoutSecrets(inner(key) ?? { kind: "text", optional: true }, field),
    ]),
  );
}
