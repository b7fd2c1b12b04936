import { join } from "node:path";

/** The absolute path of a file of this project. */
export function projectPath(...names: string[]): string {
  return join(import.meta.dir, "..", "..", ...names);
}
