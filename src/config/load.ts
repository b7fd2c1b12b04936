import { existsSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { checkApplicationNames, checkTogether } from "./checks.ts";
import { type Environment, readEnvironment } from "./env.ts";
import { DEFAULT_FILES, detectKind, type FileKind } from "./files/kind.ts";
import { readModule } from "./files/module.ts";
import { readText } from "./files/read.ts";
import { readToml } from "./files/toml.ts";
import { type ConfigFlags, readFlags } from "./flags.ts";
import { toMistakes } from "./issues.ts";
import { isSettings, type Layer, locateInLayers, mergeLayers, type Settings, sourceInLayers } from "./layers.ts";
import { ConfigError, type KeyPath, type Mistake, type MistakeCode, type Notice, type Source } from "./mistake.ts";
import { diskIncludes, readNginx } from "./nginx/read.ts";
import type { NginxRow } from "./nginx/report.ts";
import { type Config, configSchema } from "./schema.ts";
import { withSwitches } from "./switches.ts";
import { type SettingNode, settingTree } from "./tree.ts";

export type LoadOptions = {
  /** The file to read; without it `naru.config.*` in `cwd`, and without that none. `NARU_CONFIG` counts as this. */
  readonly file?: string;
  readonly env?: Environment;
  readonly flags?: ConfigFlags;
  /** Directory that relative paths start from. */
  readonly cwd: string;
  /** Start although an nginx.conf restricts access in ways that are not supported. */
  readonly allowUnsupported?: boolean;
};

export type LoadedConfig = {
  /** Every default filled in; frozen. */
  readonly config: Config;
  /** The file it was read from, as it was named; undefined when there was none. */
  readonly file: string | undefined;
  readonly kind: FileKind | undefined;
  /** Where the value of a setting comes from. */
  source(path: KeyPath): Source;
  /** What the operator should be told at the start. */
  readonly notices: readonly Notice[];
  /** What the file says, before defaults, environment and flags. */
  readonly written: Layer | undefined;
  /** What became of each directive, when the file was an nginx.conf. */
  readonly nginx: readonly NginxRow[] | undefined;
};

/**
 * Puts the configuration together: defaults, then the file, then the environment, then flags.
 * @throws ConfigError with every mistake found
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const tree = settingTree(configSchema);
  const file = chooseFile(options);
  const read = file === undefined ? NO_FILE : await readFile(file, options);
  const env = readEnvironment(options.env ?? {}, tree, applicationsIn(read.layer?.value));
  const written = [...(read.layer ? [read.layer] : []), env.layer, readFlags(options.flags ?? {}, tree)];
  const layers = written.map((layer) => withSwitches(layer, tree));
  const locate = (path: KeyPath): Source => locateInLayers(layers, path);

  const merged = mergeLayers(layers);
  const result = parse(merged, tree, locate);
  const names = checkApplicationNames(applicationsIn(merged), locate);
  const mistakes = [...read.mistakes, ...env.mistakes, ...result.mistakes, ...names];
  const source = (path: KeyPath): Source => sourceInLayers(layers, path);
  const together = result.config ? checkTogether(result.config, { locate, source }) : { mistakes: [], notices: [] };
  mistakes.push(...together.mistakes);
  if (mistakes.length > 0 || !result.config) throw new ConfigError(inOrder(mistakes), read.texts);
  return {
    config: deepFreeze(result.config),
    file,
    kind: read.kind,
    source,
    notices: [...read.notices, ...together.notices],
    written: read.layer,
    nginx: read.nginx,
  };
}

type FileResult = {
  readonly kind: FileKind | undefined;
  readonly layer: Layer | undefined;
  readonly texts: ReadonlyMap<string, string>;
  readonly mistakes: readonly Mistake[];
  readonly notices: readonly Notice[];
  readonly nginx: readonly NginxRow[] | undefined;
};

const NO_FILE: FileResult = {
  kind: undefined,
  layer: undefined,
  texts: new Map(),
  mistakes: [],
  notices: [],
  nginx: undefined,
};

function chooseFile({ file, env, cwd }: LoadOptions): string | undefined {
  const named = file ?? (env?.NARU_CONFIG || undefined);
  if (named !== undefined) return named;
  return DEFAULT_FILES.find((name) => existsSync(join(cwd, name)));
}

async function readFile(file: string, options: LoadOptions): Promise<FileResult> {
  const path = isAbsolute(file) ? file : resolve(options.cwd, file);
  const text = readText(file, path, /\.conf$|nginx/i.test(file) ? "lenient" : "strict");
  const texts = new Map([[file, text]]);
  if (text.trim() === "") fail("file-empty", file, "the file is empty", "without settings no file is needed");
  const kind = detectKind(file, text);
  if (kind === undefined) {
    const hint = "name it .ts, .js, .json, .yaml, .toml or, for nginx's format, .conf";
    return fail("file-format-unknown", file, "cannot tell the format of the file", hint);
  }
  if (kind === "nginx") {
    const includes = diskIncludes(options.cwd);
    return { kind, ...readNginx({ file, text, allowUnsupported: allowed(options), includes }) };
  }
  try {
    const layer = await readLayer(kind, file, path, text);
    if (Object.keys(layer.value).length === 0) fail("file-empty", file, "the file holds no settings", "see examples/");
    return { ...NO_FILE, kind, layer, texts };
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError(error.mistakes, texts);
    throw error;
  }
}

async function readLayer(kind: Exclude<FileKind, "nginx">, file: string, path: string, text: string): Promise<Layer> {
  switch (kind) {
    case "module":
      return readModule(file, path, text);
    case "json":
    case "yaml":
      // A start without such a file need not wait for its parser to be loaded.
      return (await import("./files/yaml.ts")).readYaml(file, text, kind);
    case "toml":
      return readToml(file, text);
  }
}

function allowed({ allowUnsupported, env }: LoadOptions): boolean {
  return allowUnsupported ?? /^(true|on|yes|1)$/i.test(env?.NARU_ALLOW_UNSUPPORTED ?? "");
}

function applicationsIn(value: Layer["value"] | undefined): readonly string[] {
  const applications = value?.applications;
  return isSettings(applications) ? Object.keys(applications) : [];
}

function parse(
  merged: Settings,
  tree: SettingNode,
  locate: (path: KeyPath) => Source,
): { readonly config?: Config; readonly mistakes: readonly Mistake[] } {
  const result = configSchema.safeParse(merged, { reportInput: true });
  if (result.success) return { config: result.data, mistakes: [] };
  return { mistakes: toMistakes(result.error.issues, tree, locate) };
}

/** By file and line, so that they can be worked through from top to bottom. */
function inOrder(mistakes: readonly Mistake[]): readonly Mistake[] {
  const rank = ({ source }: Mistake): number => (source.from === "file" ? (source.line ?? 0) : Number.MAX_SAFE_INTEGER);
  const name = ({ source }: Mistake): string => (source.from === "file" ? source.file : "\uffff");
  return mistakes.toSorted((a, b) => (name(a) === name(b) ? rank(a) - rank(b) : name(a) < name(b) ? -1 : 1));
}

function fail(code: MistakeCode, file: string, message: string, hint: string): never {
  throw new ConfigError([{ code, source: { from: "file", file }, path: "", message, hint }]);
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const child of Object.values(value)) deepFreeze(child);
  return Object.freeze(value);
}
