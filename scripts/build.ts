/** Builds `dist/naru`: one executable file for this kind of machine, with the runtime and the web pages inside. */
import { mkdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";

const project = join(import.meta.dir, "..");
const outfile = join(project, "dist", "naru");
mkdirSync(join(project, "dist"), { recursive: true });

const result = await Bun.build({
  entrypoints: [join(project, "src/main.ts")],
  compile: { outfile },
  target: "bun",
  minify: { whitespace: true, syntax: true },
  sourcemap: "linked",
  throw: false,
});
for (const message of result.logs) console.error(message);
if (!result.success) process.exit(1);
console.log(`${relative(process.cwd(), outfile)}: ${Math.round(statSync(outfile).size / 2 ** 20)} MiB`);
