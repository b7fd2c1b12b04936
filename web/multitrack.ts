import { byId } from "./element.ts";
import { strings } from "./strings.ts";

/** Fills the instructions for OBS to send several qualities by itself; asks the server only once they are opened. */
export function showMultitrack(application: string): void {
  const details = byId("multitrack", HTMLDetailsElement);
  const encoder = byId("multitrack-encoder", HTMLSelectElement);
  const text = byId("multitrack-config", HTMLElement);
  const url = `/api/multitrack/${encodeURIComponent(application)}`;
  byId("multitrack-url", HTMLElement).textContent = `obs --config-url ${location.origin}${url}`;

  async function refresh(): Promise<void> {
    if (!details.open) return;
    const asked = encoder.value;
    const shown = await fetchText(`${url}?encoder=${encodeURIComponent(asked)}`);
    if (encoder.value === asked) text.textContent = shown ?? strings.unreachable;
  }
  details.addEventListener("toggle", () => void refresh());
  encoder.addEventListener("change", () => void refresh());
}

async function fetchText(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url);
    return response.ok ? await response.text() : undefined;
  } catch {
    return undefined;
  }
}
