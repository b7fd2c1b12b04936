import type { KeyPath, Source } from "./mistake.ts";

/** One place settings come from: values as the user wrote them, not yet checked, and where each stands. */
export type Layer = {
  readonly value: Settings;
  /** Where the value at `path` was written; the nearest enclosing place when that is not known. */
  locate(path: KeyPath): Source;
};

export type Settings = { readonly [key: string]: unknown };

/** Lays layers over each other, the last on top: groups are joined key by key, everything else is replaced. */
export function mergeLayers(layers: readonly Layer[]): Settings {
  return layers.reduce<Settings>((below, layer) => mergeSettings(below, layer.value), {});
}

/** The uppermost layer that holds a value at `path`. */
export function layerOf(layers: readonly Layer[], path: KeyPath): Layer | undefined {
  for (let index = layers.length - 1; index >= 0; index--) {
    const layer = layers[index];
    if (layer && hasPath(layer.value, path)) return layer;
  }
  return undefined;
}

/** Where the value at `path` comes from; the default when no layer holds it. */
export function sourceInLayers(layers: readonly Layer[], path: KeyPath): Source {
  return layerOf(layers, path)?.locate(path) ?? { from: "default" };
}

/** Where the value at `path`, or the nearest group around it that somebody wrote, comes from. */
export function locateInLayers(layers: readonly Layer[], path: KeyPath): Source {
  for (let length = path.length; length > 0; length--) {
    const layer = layerOf(layers, path.slice(0, length));
    if (layer) return layer.locate(path);
  }
  return { from: "default" };
}

export function isSettings(value: unknown): value is Settings {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function mergeSettings(below: Settings, above: Settings): Settings {
  // A Map, so that a key named __proto__ stays a key until the schema refuses it.
  const merged = new Map<string, unknown>(Object.entries(below));
  for (const [key, value] of Object.entries(above)) {
    const old = merged.get(key);
    merged.set(key, isSettings(old) && isSettings(value) ? mergeSettings(old, value) : value);
  }
  return Object.fromEntries(merged);
}

function hasPath(value: unknown, path: KeyPath): boolean {
  let current = value;
  for (const key of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, key)) return false;
    current = (current as Record<string | number, unknown>)[key];
  }
  return current !== undefined;
}
