import { type ArgsDef, defineCommand } from "citty";
import { wantsTranscoding } from "../app/abr.ts";
import { findEncoders } from "../app/encoder-probe.ts";
import { type LoadedConfig, loadConfig } from "../config/load.ts";
import { ConfigError, formatSource } from "../config/mistake.ts";
import { type Config, configSchema } from "../config/schema.ts";
import { settingTree } from "../config/tree.ts";
import { withoutSecrets } from "../config/values.ts";
import { chooseEncoders, type FoundEncoders } from "../transcode/encoders.ts";
import { explainConfig, explainSources, listValues } from "./explain.ts";
import { CONFIG_FLAGS, loadOptions, wrongFlag } from "./flags.ts";
import { formatMistakes, formatNotice } from "./mistakes.ts";
import { type Io, printable, processIo } from "./terminal.ts";

const args = {
  ...CONFIG_FLAGS,
  all: { type: "boolean", description: "List the settings that have their default, too." },
  json: { type: "boolean", description: "Print the result as JSON, for programs." },
} as const satisfies ArgsDef;

export default defineCommand({
  meta: {
    name: "check",
    description: `Say what a configuration means and where each value comes from, or every mistake in it with file, line and hint.
Nothing is started. Exit code 0: it is right; 1: it has mistakes.

  naru check                          naru.config.* in this directory, or the defaults
  naru check -c naru.yaml             a file
  naru check -c /etc/nginx/nginx.conf what naru makes of an nginx.conf
  naru check --all                    the defaults, too
  NARU_HTTP_LISTEN=9000 naru check    environment variables and flags count, as they do for start
`,
  },
  args,
  run: async ({ args: given }) => {
    const io = processIo();
    const wrong = wrongFlag(given, args) ?? extraArgument(given._);
    if (wrong) {
      io.err(`naru check: ${wrong}\n`);
      process.exitCode = 2;
      return;
    }
    const result = await check({ options: loadOptions(given, io), all: given.all, json: given.json }, io);
    process.exitCode = result;
  },
});

export type CheckRequest = {
  readonly options: Parameters<typeof loadConfig>[0];
  readonly all?: boolean;
  readonly json?: boolean;
};

/** Reads a configuration and prints the result. @returns the exit code */
export async function check({ options, all = false, json = false }: CheckRequest, io: Io): Promise<0 | 1> {
  try {
    const loaded = await loadConfig(options);
    const transcoding = await findTranscoding(loaded.config);
    io.out(json ? toJson({ ...describe(loaded), ...transcoding }) : render(loaded, all, io, transcoding));
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    if (json) io.out(toJson({ ok: false, mistakes: error.mistakes.map(withPlace) }));
    else io.err(formatMistakes(error, io.style));
    return 1;
  }
}

type Transcoding = { readonly transcoding?: FoundEncoders };

/** What encodes further qualities, where some application wants them. */
async function findTranscoding(config: Config): Promise<Transcoding> {
  return wantsTranscoding(config.applications) ? { transcoding: await findEncoders() } : {};
}

function describeTranscoding({ transcoding }: Transcoding): readonly string[] {
  if (!transcoding) return [];
  if (!transcoding.ok) return [`missing: ${transcoding.reason}. Streams are offered as they come.`];
  const { library, encoders } = transcoding;
  const names = Object.values(encoders).flat().join(", ");
  const { fallback } = chooseEncoders(transcoding, "auto");
  return [`${library}: ${names}`, ...(fallback ? [`${fallback}; software encodes`] : [])];
}

function render(loaded: LoadedConfig, all: boolean, { style }: Io, transcoding: Transcoding): string {
  const title =
    loaded.file === undefined ? "No configuration file: these are the defaults." : `${loaded.file} has no mistakes.`;
  const encoding = describeTranscoding(transcoding)
    .map((line) => `  ${printable(line)}\n`)
    .join("");
  const notices = loaded.notices.map((notice) => `  ${formatNotice(notice)}\n`).join("");
  return [
    `${style.green(style.bold(title))}\n`,
    explainConfig(loaded, style),
    explainSources(loaded, all, style),
    ...(encoding === "" ? [] : [style.bold("Transcoding\n") + encoding]),
    ...(notices === "" ? [] : [style.yellow(style.bold("To know\n")) + notices]),
  ].join("\n");
}

function describe(loaded: LoadedConfig): object {
  return {
    ok: true,
    file: loaded.file ?? null,
    format: loaded.kind ?? null,
    config: withoutSecrets(settingTree(configSchema), loaded.config),
    settings: listValues(loaded),
    notices: loaded.notices.map(withPlace),
    ...(loaded.nginx ? { nginx: loaded.nginx } : {}),
  };
}

const withPlace = <T extends { readonly source: Parameters<typeof formatSource>[0] }>(finding: T) => ({
  ...finding,
  place: formatSource(finding.source),
});

const toJson = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

const extraArgument = (words: readonly string[]): string | undefined =>
  words[0] === undefined ? undefined : `unexpected "${words[0]}"; a file is named by -c ${words[0]}`;
