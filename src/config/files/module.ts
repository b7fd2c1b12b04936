import { realpathSync } from "node:fs";
import { plugin } from "bun";
import { defineConfig } from "../define.ts";
import type { Layer } from "../layers.ts";
import { isSettings } from "../layers.ts";
import { ConfigError, type Mistake, type Source } from "../mistake.ts";
import { shown } from "../units.ts";
import { scriptPositions } from "./script-positions.ts";

/** The name that configurations import `defineConfig` from. */
const PACKAGE = "naru";

/**
 * Runs a TypeScript or JavaScript configuration and takes its default export.
 * @param file as the user wrote it, for messages; @param path absolute
 * @throws ConfigError
 */
export async function readModule(file: string, path: string, text: string): Promise<Layer> {
  provideDefineConfig();
  const exported = await run(file, path);
  if (!("default" in exported)) {
    throw mistakeIn(file, "module-no-default-export", "has no default export", EXAMPLE);
  }
  const value: unknown = exported.default;
  if (!isSettings(value)) {
    const got = value instanceof Promise ? "a promise" : shown(value);
    const hint = value instanceof Promise ? "write `export default await ...`" : EXAMPLE;
    throw mistakeIn(file, "wrong-type", `expected the default export to be a group of settings, got ${got}`, hint);
  }
  return { value, locate: scriptPositions(text).locator(file, text) };
}

const EXAMPLE = 'write `import { defineConfig } from "naru"; export default defineConfig({ ... })`';

/** A configuration may lie anywhere and the program may be one executable file: the import must not need node_modules. */
function provideDefineConfig(): void {
  plugin({
    name: PACKAGE,
    setup: (build) => void build.module(PACKAGE, () => ({ loader: "object", exports: { defineConfig } })),
  });
}

async function run(file: string, path: string): Promise<Record<string, unknown>> {
  // It may have been changed since it was last read.
  delete require.cache[realpathSync(path)];
  try {
    return (await import(path)) as Record<string, unknown>;
  } catch (error) {
    throw new ConfigError(describeFailure(error, file, path));
  }
}

function describeFailure(error: unknown, file: string, path: string): Mistake[] {
  const faults: unknown[] = error instanceof AggregateError ? error.errors : [error];
  const syntax = faults.filter((fault) => fault instanceof BuildMessage);
  if (syntax.length > 0) {
    return syntax.slice(0, 5).map((fault) => {
      const position = fault.position;
      const source: Source = position
        ? { from: "file", file: sameFile(position.file, path) ? file : position.file, ...at(position) }
        : { from: "file", file };
      return { code: "syntax", source, path: "", message: fault.message };
    });
  }
  if (error instanceof ResolveMessage) {
    const message = `cannot find what it imports: ${error.specifier}`;
    return [{ code: "module-throws", source: { from: "file", file }, path: "", message }];
  }
  const message = `failed while it ran: ${error instanceof Error ? `${error.name}: ${error.message}` : shown(error)}`;
  return [{ code: "module-throws", source: { from: "file", file, ...stackPosition(error, path) }, path: "", message }];
}

const at = ({ line, column }: { line: number; column: number }) => ({ line, column });

const sameFile = (reported: string, path: string): boolean => reported.endsWith(path);

/** Where in the configuration itself the error arose or passed through. */
function stackPosition(error: unknown, path: string): { line?: number; column?: number } {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  for (const line of stack.split("\n")) {
    if (!line.includes(path)) continue;
    const match = /:(\d+):(\d+)\)?$/.exec(line);
    if (match) return { line: Number(match[1]), column: Number(match[2]) };
  }
  return {};
}

function mistakeIn(file: string, code: Mistake["code"], message: string, hint: string): ConfigError {
  return new ConfigError([{ code, source: { from: "file", file }, path: "", message, hint }]);
}
