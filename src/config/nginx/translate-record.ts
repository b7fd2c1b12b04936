import { formatDuration } from "../units.ts";
import type { Draft } from "./draft.ts";
import type { Report } from "./report.ts";
import { argument, blocks, inForce, type Scope } from "./scope.ts";
import type { Node } from "./validate.ts";
import { parseNginxSize, parseNginxTime } from "./values.ts";

/** The shortest piece that naru makes. */
const LEAST_PIECE_MS = 1000;

/** Translates the recorder that an application has without a name, and its `recorder` blocks. */
export function translateRecorders(
  application: Node,
  scope: Scope,
  base: readonly string[],
  draft: Draft,
  report: Report,
): void {
  translateRecorder("", scope, base, draft, report);
  for (const block of blocks(application, "recorder")) {
    translateRecorder(block.directive.args[0] ?? "", [block, ...scope], base, draft, report);
  }
}

function translateRecorder(name: string, scope: Scope, base: readonly string[], draft: Draft, report: Report): void {
  const record = inForce(scope, "record");
  const wanted = record?.directive.args ?? [];
  if (!record || wanted.includes("off")) return;
  const { directive } = record;
  const directory = argument(scope, "record_path");
  if (directory === undefined) {
    report.notice(directive, "record without record_path records nothing", "add record_path");
    return;
  }
  const key = [...base, "record", name];
  draft.set(key, {}, directive);
  const set = (setting: string, value: unknown, from = "record"): void =>
    draft.set([...key, setting], value, (inForce(scope, from) ?? record).directive);
  set("directory", directory, "record_path");
  set("format", "flv");
  set("media", mediaOf(wanted));
  if (wanted.includes("manual")) set("manual", true);
  const suffix = argument(scope, "record_suffix") ?? ".flv";
  set("file", `{name}${argument(scope, "record_unique") === "on" ? "-{unix}" : ""}${suffix}`, "record_suffix");
  set("ending", "", "record_suffix");
  if (argument(scope, "record_append") === "on") set("append", true, "record_append");
  else set("overwrite", true, "record_append");
  if (argument(scope, "record_notify") === "on") set("notify", true, "record_notify");
  const size = parseNginxSize(argument(scope, "record_max_size") ?? "", true) ?? 0;
  if (size > 0) set("maxSize", size, "record_max_size");
  const frames = parseNginxSize(argument(scope, "record_max_frames") ?? "") ?? 0;
  if (frames > 0) set("maxFrames", frames, "record_max_frames");
  const interval = parseNginxTime(argument(scope, "record_interval") ?? "");
  const pieceSize = parseNginxSize(argument(scope, "record_interval_size") ?? "") ?? 0;
  if (pieceSize > 0) set("pieceSize", pieceSize, "record_interval_size");
  if (interval) set("pieceDuration", formatDuration(Math.max(interval, LEAST_PIECE_MS)), "record_interval");
}

function mediaOf(wanted: readonly string[]): "all" | "audio" | "video" | "keyframes" {
  if (wanted.includes("all") || (wanted.includes("audio") && wanted.includes("video"))) return "all";
  if (wanted.includes("audio")) return "audio";
  if (wanted.includes("video")) return "video";
  return wanted.includes("keyframes") ? "keyframes" : "all";
}
