import { strings } from "./strings.ts";

const SHOWN_MS = 1_600;

/** Makes a button copy what `text` gives, and say so. Clipboards need HTTPS or localhost, so there is an older way too. */
export function copyOnClick(button: HTMLButtonElement, label: string, text: () => string): void {
  button.textContent = label;
  let reset: ReturnType<typeof setTimeout> | undefined;
  button.addEventListener("click", async () => {
    button.textContent = (await copy(text())) ? strings.copied : strings.copyFailed;
    clearTimeout(reset);
    reset = setTimeout(() => (button.textContent = label), SHOWN_MS);
  });
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    area.remove();
    if (focused instanceof HTMLElement) focused.focus();
  }
}
