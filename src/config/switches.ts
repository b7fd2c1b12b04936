import { isSettings, type Layer, type Settings } from "./layers.ts";
import type { SettingNode } from "./tree.ts";

/** A layer in which `true` and `false` are written out where they stand for a group, so that layers join key by key there, too. */
export function withSwitches(layer: Layer, tree: SettingNode): Layer {
  return { value: expand(layer.value, tree) as Settings, locate: (path) => layer.locate(path) };
}

function expand(value: unknown, node: SettingNode): unknown {
  if (node.kind === "group" && node.isSwitch && typeof value === "boolean") return { enabled: value };
  if (!isSettings(value)) return value;
  // Of keys such as `__proto__` the schema speaks.
  const child = (key: string): SettingNode | undefined =>
    node.kind === "group" ? node.fields.get(key) : node.kind === "map" ? node.value : undefined;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const known = child(key);
      return [key, known ? expand(inner, known) : inner];
    }),
  );
}
