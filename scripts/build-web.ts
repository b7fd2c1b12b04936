import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundlePages } from "../src/gateways/http/page-bundle.ts";

/** Writes the pages into a directory, from where the executable embeds them. What was there before is gone. */
export async function buildWeb(directory: string): Promise<void> {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const [name, bytes] of await bundlePages()) writeFileSync(join(directory, name), bytes);
}
