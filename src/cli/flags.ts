import type { ArgsDef } from "citty";
import type { LoadOptions } from "../config/load.ts";
import { suggestion } from "../config/suggest.ts";
import type { Io } from "./terminal.ts";

/** Flags of every command that reads a configuration. */
export const CONFIG_FLAGS = {
  config: {
    type: "string",
    alias: "c",
    valueHint: "FILE",
    description:
      "Configuration: .ts, .js, .json, .yaml, .toml, or an nginx.conf. Without it naru.config.* is looked for here.",
  },
  rtmp: {
    type: "string",
    valueHint: "ADDRESS",
    description: "Listen for RTMP here, such as 1935 or 127.0.0.1:1935; several with commas, or off.",
  },
  http: {
    type: "string",
    valueHint: "ADDRESS",
    description: "Listen for HTTP here, such as 8080 or [::1]:8080; several with commas, or off.",
  },
  rtmps: {
    type: "string",
    valueHint: "ADDRESS",
    description: "Listen for RTMP over TLS here, such as 1936; off when left out.",
  },
  https: {
    type: "string",
    valueHint: "ADDRESS",
    description: "Listen for HTTPS (HTTP/1.1, 2 and 3) here, such as 8443; several with commas, or off.",
  },
  log: { type: "string", valueHint: "LEVEL", description: "Least severe level to log: debug, info, warn or error." },
  "allow-unsupported": {
    type: "boolean",
    description: "Accept an nginx.conf whose rules of access (deny, on_publish, ...) are not supported.",
  },
} as const satisfies ArgsDef;

type ConfigArgs = {
  readonly config?: string;
  readonly rtmp?: string;
  readonly http?: string;
  readonly rtmps?: string;
  readonly https?: string;
  readonly log?: string;
  readonly "allow-unsupported"?: boolean;
};

/** What `loadConfig` needs, from the flags of a command. */
export function loadOptions(args: ConfigArgs, { env, cwd }: Pick<Io, "env" | "cwd">): LoadOptions {
  const allow = args["allow-unsupported"];
  return {
    cwd,
    env,
    flags: { rtmp: args.rtmp, http: args.http, rtmps: args.rtmps, https: args.https, log: args.log },
    ...(args.config === undefined ? {} : { file: args.config }),
    ...(allow ? { allowUnsupported: true } : {}),
  };
}

/** Says what is wrong with the flags that were given, or undefined: citty takes any flag, and none of a value, without a word. */
export function wrongFlag(args: Readonly<Record<string, unknown>>, known: ArgsDef): string | undefined {
  const names = new Set<string>(["_", "help", "h", "version", "v"]);
  for (const [name, definition] of Object.entries(known)) {
    names.add(name).add(camelCase(name));
    if (definition.type === "string" && args[name] === "") return `--${name} needs a value: ${definition.valueHint}`;
    for (const alias of [("alias" in definition ? definition.alias : undefined) ?? []].flat()) names.add(alias);
  }
  for (const name of Object.keys(args)) {
    if (names.has(name)) continue;
    const hint = suggestion(name, Object.keys(known));
    return `unknown option ${name.length === 1 ? "-" : "--"}${name}${hint ? `: ${hint.replace('"', '"--')}` : ""}`;
  }
  return undefined;
}

const camelCase = (name: string): string => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
