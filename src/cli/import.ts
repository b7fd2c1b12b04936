import { existsSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { type ArgsDef, defineCommand } from "citty";
import { type LoadedConfig, loadConfig } from "../config/load.ts";
import { ConfigError } from "../config/mistake.ts";
import type { NginxRow } from "../config/nginx/report.ts";
import { formatConfigModule } from "./config-module.ts";
import { wrongFlag } from "./flags.ts";
import { formatMistakes, formatNotice } from "./mistakes.ts";
import { formatColumns, type Io, printable, processIo, type Style } from "./terminal.ts";

const args = {
  file: { type: "positional", required: true, valueHint: "NGINX.CONF", description: "The nginx.conf to translate." },
  output: {
    type: "string",
    alias: "o",
    valueHint: "FILE",
    description: "Write the configuration to this file, such as naru.config.ts, instead of printing it.",
  },
  force: { type: "boolean", description: "Overwrite the file of --output." },
  "allow-unsupported": {
    type: "boolean",
    description: "Translate although rules of access (deny, on_publish, ...) are lost; they stay as comments.",
  },
} as const satisfies ArgsDef;

export default defineCommand({
  meta: {
    name: "import",
    description: `Translate an nginx.conf with an rtmp block into naru.config.ts, and list what became of each directive by line.
The configuration goes to standard output and the list to standard error, so that a redirect catches the one only.
naru also reads an nginx.conf as it is: naru start -c nginx.conf.

  naru import nginx.conf                         print both
  naru import nginx.conf -o naru.config.ts       write the configuration
  naru import nginx.conf > naru.config.ts        the same
`,
  },
  args,
  run: async ({ args: given }) => {
    const io = processIo();
    const wrong =
      wrongFlag(given, args) ?? (given._.length > 1 ? `one file at a time, not ${given._.length}` : undefined);
    if (wrong) {
      io.err(`naru import: ${wrong}\n`);
      process.exitCode = 2;
      return;
    }
    const { file, output, force } = given;
    const allowUnsupported = given["allow-unsupported"];
    process.exitCode = await importNginx({ file, output, force, allowUnsupported }, io);
  },
});

export type ImportRequest = {
  readonly file: string;
  readonly output?: string;
  readonly force?: boolean;
  readonly allowUnsupported?: boolean;
};

/** Translates a file and prints the result. @returns the exit code */
export async function importNginx({ file, output, force, allowUnsupported }: ImportRequest, io: Io): Promise<0 | 1> {
  try {
    // Only what the file says: the environment belongs to the run, not to the translation.
    const loaded = await loadConfig({
      file,
      cwd: io.cwd,
      env: {},
      flags: {},
      allowUnsupported: allowUnsupported ?? false,
    });
    if (!loaded.nginx || !loaded.written) {
      io.err(
        `naru import: ${printable(file)} is not in the format of nginx; naru reads it as it is: -c ${printable(file)}\n`,
      );
      return 1;
    }
    return write(loaded, loaded.nginx, file, output, force ?? false, io);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    io.err(formatMistakes(error, io.style));
    return 1;
  }
}

function write(
  loaded: LoadedConfig,
  rows: readonly NginxRow[],
  file: string,
  output: string | undefined,
  force: boolean,
  io: Io,
): 0 | 1 {
  const lost = rows
    .filter((row) => row.guard)
    .map((row) => `NOT PROTECTED ANY MORE: ${row.text} (${row.file}:${row.line})`);
  const { log, rtmp, http, ...rest } = loaded.written?.value ?? {};
  const settings = { ...(log ? { log } : {}), ...(rtmp ? { rtmp } : {}), ...(http ? { http } : {}), ...rest };
  const module = formatConfigModule(settings, [`Translated from ${file}.`, ...lost]);
  if (output === undefined) {
    io.out(module);
    io.err("\n");
  } else {
    const path = resolve(io.cwd, output);
    if (existsSync(path) && !force) {
      io.err(`naru import: ${printable(output)} exists; --force overwrites it\n`);
      return 1;
    }
    try {
      writeFileSync(path, module);
    } catch (error) {
      io.err(`naru import: cannot write ${printable(output)}: ${error instanceof Error ? error.message : error}\n`);
      return 1;
    }
    io.err(`Wrote ${printable(output)}.\n\n`);
  }
  io.err(formatRows(rows, io.style));
  // What single directives do not do stands in the rows.
  const notices = loaded.notices.filter(({ message }) => !message.endsWith("is not supported"));
  for (const notice of notices) io.err(`${formatNotice(notice)}\n`);
  return 0;
}

const STATUS: Readonly<Record<NginxRow["status"], string>> = {
  mapped: "mapped",
  ignored: "ignored",
  unsupported: "NOT SUPPORTED",
};

/** The table by line; a second file starts a table of its own. */
function formatRows(rows: readonly NginxRow[], style: Style): string {
  const counts = (["mapped", "ignored", "unsupported"] as const).map(
    (status) => `${rows.filter((row) => row.status === status).length} ${STATUS[status].toLowerCase()}`,
  );
  const paint = { mapped: style.green, ignored: style.dim, "NOT SUPPORTED": style.yellow } as const;
  const tables = [...Map.groupBy(rows, (row) => row.file)].map(([file, inFile]) => {
    const cells = inFile.map((row) => [String(row.line), STATUS[row.status], printable(row.text), printable(row.note)]);
    const table = formatColumns(cells, (cell, column) => {
      const color = column === 1 ? paint[cell as keyof typeof paint] : undefined;
      return color ? color(cell) : cell;
    });
    return `${style.bold(printable(file))}\n${table}\n`;
  });
  return `${tables.join("")}${counts.join(", ")}.\n`;
}
