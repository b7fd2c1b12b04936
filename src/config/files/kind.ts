import { basename, extname } from "node:path";

/** The formats a configuration can be written in. */
export type FileKind = "module" | "json" | "yaml" | "toml" | "nginx";

/** Looked for in the working directory, in this order, when no file is named. */
export const DEFAULT_FILES = [
  "naru.config.ts",
  "naru.config.js",
  "naru.config.json",
  "naru.config.yaml",
  "naru.config.yml",
  "naru.config.toml",
] as const;

const BY_EXTENSION: Readonly<Record<string, FileKind>> = {
  ".ts": "module",
  ".mts": "module",
  ".js": "module",
  ".mjs": "module",
  ".json": "json",
  ".yaml": "yaml",
  ".yml": "yaml",
  ".toml": "toml",
};

/** The format of a file by its name, and for a name that says nothing (`nginx.conf`, `naru`) by its content. */
export function detectKind(file: string, text: string): FileKind | undefined {
  const known = BY_EXTENSION[extname(file).toLowerCase()];
  if (known) return known;
  const found = detectByContent(text);
  if (found) return found;
  return /\.conf$|nginx/i.test(basename(file)) ? "nginx" : undefined;
}

function detectByContent(text: string): FileKind | undefined {
  const bare = text.replace(/^\s*(#|;|\/\/).*$/gm, "").trimStart();
  if (/^\s*(rtmp|http|events|stream|mail)\s*\{/m.test(bare)) return "nginx";
  if (/^(user|worker_processes|daemon|error_log|pid|load_module|include)\s[^=:]*;/m.test(bare)) return "nginx";
  // A module needs its extension: the runtime decides by it how to read the file.
  if (/^(import|export)\s/m.test(bare)) return undefined;
  if (bare.startsWith("{")) return "json";
  if (/^\[\[?[\w."-]+\]\]?\s*(#.*)?$/m.test(bare) || /^[\w."-]+\s*=/.test(bare)) return "toml";
  if (/^["']?[\w*-]+["']?\s*:(\s|$)/.test(bare) || bare.startsWith("---")) return "yaml";
  return undefined;
}
