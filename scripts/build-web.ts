/** Writes the pages to `dist/web`, from where the executable embeds them. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundlePages } from "../src/gateways/http/page-bundle.ts";

const directory = join(import.meta.dir, "../dist/web");
rmSync(directory, { recursive: true, force: true });
mkdirSync(directory, { recursive: true });
for (const [name, bytes] of await bundlePages()) writeFileSync(join(directory, name), bytes);
