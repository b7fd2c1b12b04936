import { join } from "node:path";
import { isExecutable } from "./executable.ts";

/** The command that starts naru itself with a sub-command, from the sources and from the executable alike. */
export function ownCommand(...args: readonly string[]): string[] {
  return isExecutable() ? [process.execPath, ...args] : [process.execPath, MAIN, ...args];
}

const MAIN = join(import.meta.dir, "..", "main.ts");
