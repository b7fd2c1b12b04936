/** Builds `dist/naru`: one executable file for this kind of machine, with the runtime and the web pages inside. */
import { mkdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { buildWeb } from "./build-web.ts";

const project = join(import.meta.dir, "..");
const outfile = join(project, "dist", "naru");
// The last component is the folder's name inside the executable.
const web = join(project, "dist", "web");
mkdirSync(join(project, "dist"), { recursive: true });
await buildWeb(web);

const result = await Bun.build({
  entrypoints: [join(project, "src/main.ts"), join(project, "src/app/delivery-worker.ts")],
  compile: { outfile, assets: [web] },
  // Side by side inside the executable, as the pages are found beside whoever looks for them.
  naming: { entry: "[name].[ext]" },
  target: "bun",
  minify: { whitespace: true, syntax: true },
  sourcemap: "linked",
  throw: false,
});
for (const message of result.logs) console.error(message);
if (!result.success) process.exit(1);
console.log(`${relative(process.cwd(), outfile)}: ${Math.round(statSync(outfile).size / 2 ** 20)} MiB`);
