import { invalidStreamPath } from "../streams/stream-path.ts";
import { type ApplicationConfig, RESERVED_NAMES } from "./application.ts";
import type { Findings, Origins } from "./findings.ts";
import { formatPath, type KeyPath, type Mistake, type Notice } from "./mistake.ts";
import { checkRtmpNames } from "./rtmp-checks.ts";
import type { Config } from "./schema.ts";
import { checkTls } from "./tls-checks.ts";
import { formatDuration, formatListen, type ListenAddress } from "./units.ts";

/** Finds settings that are right one by one and wrong together. */
export function checkTogether(config: Config, { locate, source }: Origins): Findings {
  const mistakes: Mistake[] = [];
  const notices: Notice[] = [];
  const conflict = (path: KeyPath, message: string, hint: string): void => {
    mistakes.push({ code: "conflict", source: locate(path), path: formatPath(path), message, hint });
  };
  const notice = (path: KeyPath, message: string, hint: string): void => {
    notices.push({ source: locate(path), path: formatPath(path), message, hint });
  };

  checkListens(config, conflict);
  const tls = checkTls(config, { locate, source });
  mistakes.push(...tls.mistakes);
  notices.push(...tls.notices);
  for (const [name, application] of Object.entries(config.applications)) {
    checkHls(application, ["applications", name, "hls"], source, conflict, notice);
  }
  for (const [name, { live, hls, abr }] of Object.entries(config.applications)) {
    if (!live || hls.enabled || !abr.enabled) continue;
    const message = "further qualities are for HLS, which is off here";
    notice(["applications", name, "abr"], message, "turn hls on, or leave abr out");
  }
  for (const [name, { record }] of Object.entries(config.applications)) {
    for (const [recorder, { append, format }] of Object.entries(record)) {
      if (!append || format === "flv") continue;
      const path = ["applications", name, "record", recorder, "append"];
      conflict(path, "an MP4 file cannot be gone on with", "leave append out, or record with format: flv");
    }
  }
  checkSharedPaths(config, notice);
  checkRtmpNames(config, conflict, notice);
  if (config.rtmp.listen.length === 0) {
    notice(["rtmp", "listen"], "RTMP is off: nobody can publish", "give it an address: rtmp.listen, --rtmp 1935");
  }
  if (Object.keys(config.applications).length === 0) {
    notice(["applications"], "there is no application: every publisher is refused", 'add one, or "*" for any name');
  }
  return { mistakes, notices };
}

/** Finds names that no stream's path can begin with. */
export function checkApplicationNames(names: readonly string[], locate: Origins["locate"]): readonly Mistake[] {
  return names.flatMap((name) => {
    const message = name === "*" ? undefined : wrongName(name);
    if (message === undefined) return [];
    const path = ["applications", name];
    const hint = "choose another name";
    return [{ code: "wrong-value" as const, source: locate(path), path: formatPath(path), message, hint }];
  });
}

type Report = (path: KeyPath, message: string, hint: string) => void;

function checkListens(config: Config, conflict: Report): void {
  const taken: { readonly path: KeyPath; readonly address: ListenAddress }[] = [];
  for (const protocol of ["rtmp", "rtmps", "http", "https"] as const) {
    for (const [index, address] of config[protocol].listen.entries()) {
      const path = [protocol, "listen", index];
      const other = taken.find((earlier) => overlap(earlier.address, address));
      if (other) {
        const message = `${formatListen(address)} is already taken by ${formatPath(other.path)}`;
        conflict(path, message, "every address and port can be listened on once");
      }
      taken.push({ path, address });
    }
  }
}

function overlap(a: ListenAddress, b: ListenAddress): boolean {
  if (a.port !== b.port || a.port === 0) return false;
  return a.host === b.host || isEverywhere(a, b) || isEverywhere(b, a);
}

const isEverywhere = ({ host }: ListenAddress, other: ListenAddress): boolean =>
  host === "::" || (host === "0.0.0.0" && !other.host.includes(":"));

function wrongName(name: string): string | undefined {
  if (RESERVED_NAMES.includes(name)) return `"${name}" is a path of the server's own pages`;
  if (name.includes("/")) return `an application is the first part of a stream's path and holds no "/"`;
  return invalidStreamPath(`${name}/key`);
}

function checkHls(
  { hls }: ApplicationConfig,
  path: KeyPath,
  source: Origins["source"],
  conflict: Report,
  notice: Report,
): void {
  const wrote = (key: string): boolean => source([...path, key]).from !== "default";
  if (!hls.enabled) return;
  const lowLatency = hls.lowLatency && hls.format === "cmaf";
  if (hls.path !== undefined && hls.format === "cmaf") {
    conflict([...path, "path"], "only MPEG-TS segments are written to a directory", 'add format: "mpegts"');
  }
  if (hls.keys && hls.path === undefined) {
    conflict([...path, "keys"], "only segments in a directory are encrypted", 'add path, and format: "mpegts"');
  }
  if (hls.lowLatency && hls.format === "mpegts" && wrote("lowLatency")) {
    conflict([...path, "lowLatency"], "MPEG-TS segments have no low latency", 'use format: "cmaf"');
  }
  if (lowLatency && hls.part > hls.segment) {
    const message = `a part (${formatDuration(hls.part)}) is longer than a segment (${formatDuration(hls.segment)})`;
    conflict([...path, "part"], message, "make parts shorter, such as a fifth of a segment");
  }
  if (hls.maxSegment < hls.segment) {
    const lengths = `${formatDuration(hls.maxSegment)} is less than segment, ${formatDuration(hls.segment)}`;
    conflict([...path, "maxSegment"], lengths, "make it at least as long as segment");
  }
  // RFC 8216 6.2.2: a live playlist shorter than three target durations stalls players.
  if (hls.window < 3 * hls.segment) {
    const lengths = `${formatDuration(hls.window)} is less than three segments of ${formatDuration(hls.segment)}`;
    notice([...path, "window"], lengths, "players start three segments before the end");
  }
}

function checkSharedPaths(config: Config, notice: Report): void {
  const users = new Map<string, string>();
  for (const [name, { live, hls }] of Object.entries(config.applications)) {
    if (!live || !hls.enabled || hls.path === undefined) continue;
    const other = users.get(hls.path);
    if (other !== undefined) {
      const message = `"${other}" writes to the same directory: streams of one name overwrite each other's files`;
      notice(["applications", name, "hls", "path"], message, "give each application its own directory");
    }
    users.set(hls.path, name);
  }
}
