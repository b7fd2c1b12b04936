import { formatOrigin } from "../app/addresses.ts";
import type { ApplicationConfig } from "../config/application.ts";
import type { LoadedConfig } from "../config/load.ts";
import { formatPath, formatSource } from "../config/mistake.ts";
import { type Config, configSchema } from "../config/schema.ts";
import { settingTree } from "../config/tree.ts";
import { formatDuration, formatListen } from "../config/units.ts";
import { settingValues, writtenValue } from "../config/values.ts";
import { servedPlaylist } from "./served-files.ts";
import { formatColumns, printable, type Style } from "./terminal.ts";

/** Stands for the stream key in addresses. */
const KEY = "KEY";

/** What a configuration makes the server do, for a person. */
export function explainConfig({ config }: Pick<LoadedConfig, "config">, style: Style): string {
  const rtmp = config.rtmp.listen.map((address) => formatOrigin("rtmp", address));
  const http = config.http.listen.map((address) => formatOrigin("http", address));
  const listens = formatColumns([
    ["RTMP", describeListen(config.rtmp.listen.map(formatListen), rtmp)],
    ["HTTP", describeListen(config.http.listen.map(formatListen), http)],
    ...config.http.locations.map((location) => ["", `${servedPaths(location)} serves ${servedBy(location)}`]),
  ]);
  const applications = Object.entries(config.applications).map(([name, application]) => {
    const title = name === "*" ? "Any other application" : `Application ${printable(name)}`;
    const shown = name === "*" ? "APPLICATION" : name;
    const rows = describeApplication(shown, application, config, rtmp[0], http[0]);
    return `${style.bold(title)}\n${indent(formatColumns(rows, (cell, column) => (column === 0 ? style.dim(cell) : cell)))}`;
  });
  return [style.bold("Listens\n") + indent(listens), ...applications].join("\n");
}

/** Where each value comes from: those that somebody set, or all. */
export function explainSources(loaded: LoadedConfig, all: boolean, style: Style): string {
  const rows = listValues(loaded)
    .filter((entry) => all || entry.set)
    .map(({ path, value, source }) => [path, short(JSON.stringify(value)), source]);
  if (rows.length === 0) return "Every setting has its default; --all lists them.\n";
  const title = all ? "Every setting, and where it comes from\n" : "Settings that are not left at their default\n";
  return style.bold(title) + indent(formatColumns(rows, (cell, column) => (column === 2 ? style.cyan(cell) : cell)));
}

/** Each setting as data. */
export function listValues({ config, source }: Pick<LoadedConfig, "config" | "source">) {
  return settingValues(config, settingTree(configSchema)).map(({ path, node, value }) => {
    const origin = source(path);
    return {
      path: formatPath(path),
      value: writtenValue(node, value),
      set: origin.from !== "default",
      source: formatSource(origin),
    };
  });
}

function servedPaths({ path, exact, pattern }: Config["http"]["locations"][number]): string {
  if (pattern === undefined) return exact ? `= ${path}` : path;
  return path === "/" ? `~ ${pattern}` : `${path} ~ ${pattern}`;
}

/** What answers at a location, in words. */
function servedBy({ root, alias, stat, control, flv, answer }: Config["http"]["locations"][number]): string {
  if (stat) return "statistics";
  if (control) return "orders";
  if (answer) return `the answer ${answer.status}`;
  return flv ? "streams as FLV" : (root ?? alias ?? "nothing");
}

function describeListen(addresses: readonly string[], origins: readonly string[]): string {
  if (addresses.length === 0) return "off";
  return origins.map((origin, index) => `${origin} (${addresses[index]})`).join(", ");
}

function describeApplication(
  name: string,
  { live, secondPublisher, hls, abr }: ApplicationConfig,
  config: Config,
  rtmp: string | undefined,
  http: string | undefined,
): readonly (readonly string[])[] {
  if (!live) return [["publish", "refused (live is off)"]];
  const rows: string[][] = [];
  const second = secondPublisher === "refuse" ? "a second publisher is refused" : "a second publisher takes over";
  rows.push(["publish", rtmp === undefined ? "RTMP is off" : `${rtmp}/${name}  with stream key ${KEY}; ${second}`]);
  if (!hls.enabled) return [...rows, ["HLS", "off"]];
  if (http !== undefined) {
    if (config.http.pages) rows.push(["watch", `${http}/${name}/${KEY}`]);
    rows.push(["playlist", `${http}/${name}/${KEY}/index.m3u8`]);
  }
  rows.push(["HLS", describeHls(hls)]);
  if (abr.enabled) rows.push(["qualities", describeAbr(abr)]);
  const served = servedPlaylist(hls, KEY, config.http);
  if (served) rows.push(["files", served.file]);
  if (http !== undefined) for (const path of served?.paths ?? []) rows.push(["", `at ${http}${path}`]);
  return rows;
}

function describeHls(hls: ApplicationConfig["hls"]): string {
  const format = hls.format === "cmaf" ? "fragmented MP4" : "MPEG-TS";
  const lowLatency =
    hls.format === "cmaf" && hls.lowLatency ? `, low latency with parts of ${formatDuration(hls.part)}` : "";
  return `${format}${lowLatency}, segments of ${formatDuration(hls.segment)}, window of ${formatDuration(hls.window)}`;
}

function describeAbr({ rungs, always, linger, audioOnly }: ApplicationConfig["abr"]): string {
  const names = Array.isArray(rungs) ? rungs.map(({ name, height, width }) => name ?? `${height ?? width}p`) : [];
  const which = typeof rungs === "function" ? "as a function decides" : names.join(", ") || "derived from the source";
  const when = always ? "always made" : `made while somebody watches and ${formatDuration(linger)} longer`;
  return `the source as it is; below it ${which}${audioOnly ? ", and sound alone" : ""}; ${when}`;
}

const indent = (text: string): string => text.replace(/^(?=.)/gm, "  ");
const short = (text: string): string => printable(text.length > 60 ? `${text.slice(0, 57)}...` : text);
