import type { Layer, Settings } from "./layers.ts";
import type { KeyPath, Mistake } from "./mistake.ts";
import { suggestion } from "./suggest.ts";
import type { SettingNode } from "./tree.ts";

export const ENV_PREFIX = "NARU_";
/** Stands for `*` in the place of an application's name, which no shell lets into a variable's name. */
export const ENV_ANY = "ANY";
/** Variables with the prefix that are not settings. */
export const ENV_EXTRA = ["NARU_CONFIG", "NARU_ALLOW_UNSUPPORTED", "NARU_STATE_DIR"] as const;

/** What Kubernetes tells every pod beside a service that is called naru. */
const ENV_KUBERNETES = /^NARU_(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings in the environment. The name of a variable is `NARU_` and the setting's path, each key in upper
 * snake case, joined by `__`; `_` will do where no application's name is in it: `NARU_RTMP_CHUNK_SIZE`,
 * `NARU_APPLICATIONS__LIVE__HLS__PART`. Lists are separated by commas; `off` is the empty list; other compound values
 * are JSON. A variable that is empty counts as not set.
 * @param applications names in the configuration file, so that upper case finds the way back to them
 */
export function readEnvironment(
  env: Environment,
  tree: SettingNode,
  applications: readonly string[],
): { readonly layer: Layer; readonly mistakes: readonly Mistake[] } {
  const mistakes: Mistake[] = [];
  const names = new Map<string, string>();
  const root: Tree = new Map();
  for (const [name, value] of Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!name.startsWith(ENV_PREFIX) || value === undefined || value === "") continue;
    if ((ENV_EXTRA as readonly string[]).includes(name) || ENV_KUBERNETES.test(name)) continue;
    const found = resolveName(name.slice(ENV_PREFIX.length), tree, applications);
    if (!found) {
      const known = [...ENV_EXTRA, ...environmentNames(tree).keys()];
      const hint = suggestion(name, known) ?? "`naru check --all` lists every setting";
      mistakes.push({
        code: "env-unknown",
        source: { from: "env", name },
        path: "",
        message: `no setting belongs to the environment variable ${name}`,
        hint,
      });
      continue;
    }
    names.set(JSON.stringify(found.path), name);
    setAt(root, found.path, parseValue(value, found.node));
  }
  return {
    layer: {
      value: toSettings(root),
      locate: (path) => {
        for (let length = path.length; length > 0; length--) {
          const name = names.get(JSON.stringify(path.slice(0, length)));
          if (name !== undefined) return { from: "env", name };
        }
        return { from: "env", name: `${ENV_PREFIX}...` };
      },
    },
    mistakes,
  };
}

/** Every setting by the name of its variable; an application's name is written `NAME`. */
export function environmentNames(tree: SettingNode): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, readonly string[]>();
  const visit = (node: SettingNode, path: readonly string[], inMap: boolean): void => {
    if (node.kind === "group") {
      for (const [key, child] of node.fields) visit(child, [...path, key], inMap);
    } else if (node.kind === "map" && node.value.kind === "group") {
      visit(node.value, [...path, "NAME"], true);
    } else {
      names.set(ENV_PREFIX + path.map(upperSnake).join(inMap ? "__" : "_"), path);
    }
  };
  visit(tree, [], false);
  return names;
}

/** Text of a variable or flag as the value of a setting; text that does not fit stays text, for the schema to refuse. */
export function parseValue(text: string, node: SettingNode): unknown {
  const trimmed = text.trim();
  switch (node.kind) {
    case "boolean":
      if (/^(true|on|yes|1)$/i.test(trimmed)) return true;
      return /^(false|off|no|0)$/i.test(trimmed) ? false : text;
    case "number":
      return /^-?\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : text;
    case "unit":
    case "choice":
      return trimmed;
    case "text":
      return text;
    case "list":
      if (/^(off|none)$/i.test(trimmed)) return [];
      if (trimmed.startsWith("[") && !(node.item.kind === "unit" && node.item.unit === "listen"))
        return parseJson(text);
      return trimmed.split(",").map((part) => parseValue(part, node.item));
    default:
      return parseJson(text);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

type Found = { readonly path: readonly string[]; readonly node: SettingNode };

/** Follows a name through the tree; a key may itself contain `_`, so every way of dividing the name is tried. */
function resolveName(rest: string, node: SettingNode, applications: readonly string[]): Found | undefined {
  if (node.kind === "group") {
    for (const [key, child] of node.fields) {
      const snake = upperSnake(key);
      if (!rest.startsWith(snake)) continue;
      const after = rest.slice(snake.length);
      if (after === "") return isLeaf(child) ? { path: [key], node: child } : undefined;
      const separator = after.startsWith("__") ? 2 : after.startsWith("_") ? 1 : 0;
      if (separator === 0) continue;
      if (child.kind === "map" && separator === 1) continue;
      const found = resolveName(after.slice(separator), child, applications);
      if (found) return { path: [key, ...found.path], node: found.node };
    }
    return undefined;
  }
  if (node.kind !== "map") return undefined;
  // An application's name may hold `__` itself, so the longest one that leaves a setting wins.
  for (let end = rest.lastIndexOf("__"); end > 0; end = rest.lastIndexOf("__", end - 1)) {
    const found = resolveName(rest.slice(end + 2), node.value, applications);
    if (found) return { path: [applicationName(rest.slice(0, end), applications), ...found.path], node: found.node };
  }
  return undefined;
}

/** Whether a setting has a value of its own rather than settings below it. */
const isLeaf = (node: SettingNode): boolean =>
  node.kind !== "group" && !(node.kind === "map" && node.value.kind === "group");

function applicationName(written: string, applications: readonly string[]): string {
  if (written === ENV_ANY) return "*";
  if (/[a-z]/.test(written)) return written;
  return applications.find((name) => upperSnake(name) === written) ?? written.toLowerCase();
}

function upperSnake(key: string): string {
  return key
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/[^A-Za-z0-9]+/g, "_")
    .toUpperCase();
}

type Tree = Map<string, unknown>;

function setAt(root: Tree, path: KeyPath, value: unknown): void {
  let group = root;
  for (const key of path.slice(0, -1).map(String)) {
    const next = group.get(key);
    if (next instanceof Map) {
      group = next;
      continue;
    }
    const created: Tree = new Map();
    group.set(key, created);
    group = created;
  }
  group.set(String(path.at(-1)), value);
}

function toSettings(tree: Tree): Settings {
  return Object.fromEntries([...tree].map(([key, value]) => [key, value instanceof Map ? toSettings(value) : value]));
}
