import type { Change } from "../config/changes.ts";
import { formatPath, type KeyPath } from "../config/mistake.ts";

/** What became of a changed setting. */
export type AppliedChange = {
  /** Such as `http.cors`. */
  readonly setting: string;
  readonly effect:
    | "applied"
    /** New connections have it; those that are open keep what they have. */
    | "new-connections"
    /** Streams that begin from now on have it; `running` of them keep what they have. */
    | "new-streams"
    /** Only a restart of the server brings it. */
    | "restart";
  readonly running?: number;
  /** In words, where that is short. */
  readonly change?: string;
};

type Rule = { readonly path: readonly string[]; readonly effect: AppliedChange["effect"] };

/** The longest path that a setting begins with decides; `*` is any application. What is not here needs a restart. */
const RULES: readonly Rule[] = [
  { path: ["log"], effect: "applied" },
  { path: ["rtmp"], effect: "new-connections" },
  { path: ["rtmp", "listen"], effect: "applied" },
  { path: ["rtmps", "listen"], effect: "applied" },
  { path: ["http", "listen"], effect: "applied" },
  { path: ["http", "cors"], effect: "applied" },
  { path: ["http", "pages"], effect: "applied" },
  { path: ["http", "locations"], effect: "applied" },
  { path: ["http", "access"], effect: "applied" },
  { path: ["http", "idleTimeout"], effect: "applied" },
  { path: ["http", "maxWaiting"], effect: "applied" },
  { path: ["http", "maxWaitingPerAddress"], effect: "applied" },
  { path: ["https", "listen"], effect: "applied" },
  { path: ["https", "redirect"], effect: "applied" },
  { path: ["pictures"], effect: "applied" },
  { path: ["api"], effect: "applied" },
  { path: ["hooks"], effect: "applied" },
  { path: ["applications", "*"], effect: "applied" },
  { path: ["applications", "*", "hls"], effect: "new-streams" },
  { path: ["applications", "*", "play"], effect: "new-connections" },
  { path: ["applications", "*", "abr"], effect: "new-streams" },
];

/** Whether a change of this setting waits for a restart. */
export const needsRestart = ({ path }: Change): boolean => effectOf(path) === "restart";

/** @param running how many streams are there now of an application, or of all that have no settings of their own (`*`) */
export function describeChange(
  { path, before, after }: Change,
  running: (application: string) => number,
): AppliedChange {
  const setting = formatPath(path);
  const [group, application] = path;
  if (group === "applications" && path.length === 2) {
    // Its streams had the settings of `*`, or lose their own.
    const affected = application === "*" ? 0 : running(String(application));
    return {
      setting,
      effect: "applied",
      change: after === undefined ? "removed" : "added",
      ...(affected > 0 && { effect: "new-streams", running: affected }),
    };
  }
  const effect = effectOf(path);
  const shown = [describeValue(before), describeValue(after)];
  return {
    setting,
    effect,
    ...(effect === "new-streams" && { running: running(String(application)) }),
    change: shown.includes(undefined) ? undefined : shown.join(" -> "),
  };
}

function effectOf(path: KeyPath): AppliedChange["effect"] {
  let best: Rule | undefined;
  for (const rule of RULES) {
    const fits = rule.path.every((key, index) => key === path[index] || (key === "*" && index < path.length));
    if (fits && rule.path.length > (best?.path.length ?? 0)) best = rule;
  }
  return best?.effect ?? "restart";
}

/** Numbers, words, times and addresses; undefined for what is too long for a line. */
function describeValue(value: unknown): string | undefined {
  if (value === undefined) return "none";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return /^[\w.*:/-]{1,40}$/.test(value) ? value : undefined;
  if (!Array.isArray(value)) return undefined;
  const items = value.map(describeValue);
  return items.includes(undefined) || items.length > 4 ? undefined : items.join(",") || "off";
}
