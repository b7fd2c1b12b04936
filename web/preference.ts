import type { Preference } from "./quality.ts";

const KEY = "naru.preference";

/** What was chosen on an earlier visit. */
export function readPreference(): Preference {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return isPreference(stored) ? stored : {};
  } catch {
    return {};
  }
}

/** Where the browser keeps nothing, the choice holds for this visit. */
export function storePreference(preference: Preference): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(preference));
  } catch {}
}

/** Another version of the page may have stored it. */
function isPreference(value: unknown): value is Preference {
  if (typeof value !== "object" || value === null) return false;
  const { size, audio } = value as { size?: unknown; audio?: unknown };
  if (size !== undefined && typeof size !== "number") return false;
  if (audio === undefined) return true;
  if (typeof audio !== "object" || audio === null) return false;
  const { language, name } = audio as { language?: unknown; name?: unknown };
  return typeof language === "string" && typeof name === "string";
}
