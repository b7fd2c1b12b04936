import { globSync } from "node:fs";
import { resolve } from "node:path";
import { readText } from "../files/read.ts";
import type { Layer } from "../layers.ts";
import { ConfigError, type Mistake, type Notice } from "../mistake.ts";
import { Draft } from "./draft.ts";
import { type IncludeReader, parseWithIncludes } from "./include.ts";
import { type NginxRow, Report } from "./report.ts";
import { translateHttp } from "./translate-http.ts";
import { translateRtmp } from "./translate-rtmp.ts";
import { validate } from "./validate.ts";

export type NginxInput = {
  /** As the user named it, for messages. */
  readonly file: string;
  readonly text: string;
  /** Accept that restrictions of access are left out. */
  readonly allowUnsupported: boolean;
  readonly includes: IncludeReader;
};

export type NginxResult = {
  readonly layer: Layer;
  readonly texts: ReadonlyMap<string, string>;
  readonly mistakes: readonly Mistake[];
  readonly notices: readonly Notice[];
  /** What became of each directive. */
  readonly nginx: readonly NginxRow[];
};

const FLAG_HINT = "start without it by --allow-unsupported, when something else keeps it closed";

/** Reads an nginx.conf. @throws ConfigError when it, or a file it includes, breaks the rules of the format */
export function readNginx({ file, text, allowUnsupported, includes }: NginxInput): NginxResult {
  const expanded = parseWithIncludes(file, text, includes);
  // What stands behind a syntax error is not known, and so nothing else is worth saying.
  if (expanded.mistakes.some(({ code }) => code === "syntax")) throw new ConfigError(expanded.mistakes, expanded.texts);

  const { nodes, mistakes } = validate(expanded.directives);
  const draft = new Draft();
  const report = new Report();
  const hlsPaths = translateRtmp(nodes, draft, report);
  translateHttp(nodes, hlsPaths, draft, report);
  if (!nodes.some((node) => node.directive.name === "rtmp") && mistakes.length === 0) {
    const source = { from: "file" as const, file };
    const message = "has no rtmp block, so there is nothing to stream";
    report.mistakes.push({ code: "file-empty", source, path: "", message, hint: "is it the right file?" });
  }
  for (const directive of expanded.absent) report.ignored(directive, "not on this machine; naru has its own table");

  const rows = report.rows(nodes, draft);
  const guards = rows.filter((row) => row.guard).map(guardMistake);
  return {
    layer: draft.toLayer(file),
    texts: expanded.texts,
    mistakes: [...expanded.mistakes, ...mistakes, ...report.mistakes, ...(allowUnsupported ? [] : guards)],
    notices: [...unsupportedNotices(rows, allowUnsupported), ...report.notices],
    nginx: rows,
  };
}

function guardMistake({ file, line, column, text, note }: NginxRow): Mistake {
  const source = { from: "file" as const, file, line, column };
  const message = `"${text}" is not supported: ${note}`;
  return { code: "nginx-guard-unsupported", source, path: "", message, hint: FLAG_HINT };
}

/** One line for each directive that does nothing here. */
function unsupportedNotices(rows: readonly NginxRow[], guards: boolean): readonly Notice[] {
  return rows
    .filter((row) => row.status === "unsupported" && (guards || !row.guard))
    .map(({ file, line, column, text, note }) => ({
      source: { from: "file", file, line, column },
      path: "",
      message: `"${text}" is not supported`,
      hint: note,
    }));
}

/** Reads included files from the disk; relative names start from `directory`. */
export function diskIncludes(directory: string): IncludeReader {
  return {
    read: (path) => readText(path, resolve(directory, path), "lenient"),
    glob: (pattern) => globSync(pattern, { cwd: directory }).toSorted(),
  };
}
