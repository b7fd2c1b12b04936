/** Installs the media library, which is no part of naru: into a folder of its own, so that no other install prunes it. */
import { join } from "node:path";

const LICENCE = `naru itself is under the MIT licence. What this installs is not part of it: node-av (MIT) with FFmpeg's libraries inside,
built with x264 and x265, which are under the GPL, version 2 or later (FFmpeg so built is under the GPL, version 3).
To use them here is free; who passes them on to others must follow that licence. Some countries know patents on codecs.
`;

process.stdout.write(`${LICENCE}\nInstalling (about 100 MB) ...\n`);
const directory = join(import.meta.dir, "..", "optional", "transcoding");
const install = Bun.spawn(
  [
    "npm",
    "ci",
    "--prefix",
    directory,
    "--ignore-scripts",
    "--include=optional",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ],
  { cwd: directory, stdin: "ignore", stdout: "ignore", stderr: "inherit" },
);
const code = await install.exited;
if (code === 0)
  process.stdout.write(
    "Done. Streams of applications with `abr: true` are now offered in several qualities: docs/abr.md\n",
  );
else process.stderr.write("naru: npm could not install the media library; its message is above\n");
process.exit(code);
