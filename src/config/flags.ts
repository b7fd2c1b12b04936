import { parseValue } from "./env.ts";
import type { Layer } from "./layers.ts";
import type { SettingNode } from "./tree.ts";

/** What may be set on the command line; each is a list or level as text. */
export type ConfigFlags = {
  /** `--rtmp`: addresses to listen on for RTMP, separated by commas; `off` for none. */
  readonly rtmp?: string;
  /** `--http`: addresses to listen on for HTTP, separated by commas; `off` for none. */
  readonly http?: string;
  /** `--rtmps`: as `--rtmp`, for RTMP over TLS. */
  readonly rtmps?: string;
  /** `--https`: as `--http`, for HTTPS. */
  readonly https?: string;
  /** `--log`: least severe level that is printed. */
  readonly log?: string;
};

const FLAG_PATHS: Readonly<Record<keyof ConfigFlags, readonly string[]>> = {
  rtmp: ["rtmp", "listen"],
  http: ["http", "listen"],
  rtmps: ["rtmps", "listen"],
  https: ["https", "listen"],
  log: ["log"],
};

/** The settings given on the command line. */
export function readFlags(flags: ConfigFlags, tree: SettingNode): Layer {
  const value: Record<string, unknown> = {};
  for (const [flag, [group, key]] of Object.entries(FLAG_PATHS)) {
    const text = flags[flag as keyof ConfigFlags];
    if (text === undefined || group === undefined) continue;
    const node = child(tree, group);
    if (key === undefined) value[group] = node ? parseValue(text, node) : text;
    else value[group] = { [key]: node && child(node, key) ? parseValue(text, child(node, key) as SettingNode) : text };
  }
  return { value, locate: (path) => ({ from: "flag", name: `--${String(path[0])}` }) };
}

const child = (node: SettingNode, key: string): SettingNode | undefined =>
  node.kind === "group" ? node.fields.get(key) : undefined;
