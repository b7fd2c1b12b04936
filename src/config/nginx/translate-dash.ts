import { formatDuration } from "../units.ts";
import type { Draft } from "./draft.ts";
import type { Report } from "./report.ts";
import { argument, inForce, type Scope } from "./scope.ts";
import { parseNginxTime } from "./values.ts";

/** nginx-rtmp's own defaults. */
const FRAGMENT_MS = 5000;
const PLAYLIST_LENGTH_MS = 30_000;
/** What naru makes at the least. */
const LEAST_FRAGMENT_MS = 300;

/**
 * Translates the MPEG-DASH of an application.
 * @returns the directory that it is written to
 */
export function translateDash(scope: Scope, base: readonly string[], draft: Draft, report: Report): string | undefined {
  const dash = inForce(scope, "dash");
  if (dash?.directive.args[0] !== "on") return undefined;
  const { directive } = dash;
  const path = argument(scope, "dash_path") ?? "";
  if (path === "") {
    report.notice(directive, "dash on without dash_path makes nothing, as in nginx", "add dash_path");
    return undefined;
  }
  const set = (key: readonly string[], value: unknown, from: string): void => {
    const written = inForce(scope, from);
    draft.set([...base, "dash", ...key], value, (written ?? dash).directive, written === undefined);
  };
  const milliseconds = (name: string): number | undefined => parseNginxTime(argument(scope, name) ?? "");
  set(["enabled"], true, "dash");
  set(["path"], path, "dash_path");
  const fragment = Math.max(milliseconds("dash_fragment") ?? FRAGMENT_MS, LEAST_FRAGMENT_MS);
  set(["segment"], formatDuration(fragment), "dash_fragment");
  const length = Math.max(milliseconds("dash_playlist_length") ?? PLAYLIST_LENGTH_MS, fragment);
  set(["window"], formatDuration(length), "dash_playlist_length");
  if (argument(scope, "dash_cleanup") === "off") set(["cleanup"], false, "dash_cleanup");
  if (argument(scope, "dash_nested") === "on") set(["nested"], true, "dash_nested");
  const clock = argument(scope, "dash_clock_compensation") ?? "off";
  const url = argument(scope, "dash_clock_helper_uri") ?? "";
  if (clock !== "off" && url !== "") {
    set(["clock", "kind"], clock.replace("_", "-"), "dash_clock_compensation");
    set(["clock", "url"], url, "dash_clock_helper_uri");
  }
  return path;
}
