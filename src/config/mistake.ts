/** Where a value of the configuration comes from. Lines and columns count from 1. */
export type Source =
  | { readonly from: "default" }
  | { readonly from: "file"; readonly file: string; readonly line?: number; readonly column?: number }
  | { readonly from: "env"; readonly name: string }
  | { readonly from: "flag"; readonly name: string };

/** Where a key stands in the configuration, from the outermost group inwards. */
export type KeyPath = readonly (string | number)[];

/** Stable names of what can be wrong with a configuration; the documentation lists them with their meaning. */
export const MISTAKE_CODES = {
  "file-not-found": "The file that was asked for does not exist.",
  "file-is-directory": "The path is a directory.",
  "file-unreadable": "The system refused to read the file.",
  "file-empty": "The file holds no settings.",
  "file-not-text": "The file is not UTF-8 text.",
  "file-too-large": "The file is larger than a configuration can be.",
  "file-format-unknown": "Neither name nor content tell what format the file has.",
  syntax: "The file breaks the rules of its format.",
  "module-throws": "A TypeScript or JavaScript configuration failed while it ran.",
  "module-no-default-export": "A TypeScript or JavaScript configuration has no default export.",
  "unknown-key": "No setting has this name.",
  "wrong-type": "The value is of another type than the setting.",
  "wrong-value": "The value is of the right type but not one the setting can take.",
  conflict: "Two settings contradict each other.",
  certificate: "A certificate or its private key cannot be used.",
  "env-unknown": "No setting belongs to this environment variable.",
  "nginx-unknown-directive": "No directive of nginx or of its RTMP modules has this name.",
  "nginx-wrong-context": "The directive stands in a block where it is not allowed.",
  "nginx-wrong-arguments": "The directive has too many, too few or malformed arguments.",
  "nginx-duplicate": "The directive, block or address is given twice.",
  "nginx-include": "An included file cannot be read.",
  "nginx-guard-unsupported":
    "The directive restricts access in a way that is not supported; leaving it out would open it.",
} as const;
export type MistakeCode = keyof typeof MISTAKE_CODES;

export type Mistake = {
  readonly code: MistakeCode;
  readonly source: Source;
  /** The setting it is about, such as `rtmp.listen`; empty when it is about the whole file. */
  readonly path: string;
  /** What is wrong and what was expected; no full stop at the end. */
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
};

/** Something the operator should know that does not stop the start. */
export type Notice = {
  readonly source: Source;
  readonly path: string;
  readonly message: string;
  readonly hint?: string;
};

/** The user's configuration cannot be used. Holds every mistake found, not only the first. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "config";

  /** @param texts content of the files the mistakes are in, by file name, to show the lines */
  constructor(
    readonly mistakes: readonly Mistake[],
    readonly texts: ReadonlyMap<string, string> = new Map(),
  ) {
    super(mistakes.map(formatMistakeLine).join("\n"));
  }
}

/** `naru.yaml:3:5`, `environment NARU_LOG`, `--log` or `default`. */
export function formatSource(source: Source): string {
  switch (source.from) {
    case "default":
      return "default";
    case "env":
      return `environment ${source.name}`;
    case "flag":
      return source.name;
    case "file": {
      const line = source.line === undefined ? "" : `:${source.line}`;
      return `${source.file}${line}${line !== "" && source.column !== undefined ? `:${source.column}` : ""}`;
    }
  }
}

/** `applications.live.hls.part`, `http.listen[0]`, `applications["*"]`. */
export function formatPath(path: KeyPath): string {
  let out = "";
  for (const key of path) {
    if (typeof key === "number") out += `[${key}]`;
    else if (/^[A-Za-z_$][\w$-]*$/.test(key)) out += out === "" ? key : `.${key}`;
    else out += `[${JSON.stringify(key)}]`;
  }
  return out;
}

function formatMistakeLine({ source, path, message, hint }: Mistake): string {
  const about = path === "" ? "" : `${path}: `;
  return `${formatSource(source)}: ${about}${message}${hint === undefined ? "" : ` (${hint})`}`;
}
