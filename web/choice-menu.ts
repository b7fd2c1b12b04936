import "media-chrome/dist/menu/media-chrome-menu-button.js";
import MediaChromeMenu from "media-chrome/dist/menu/media-chrome-menu.js";
import MediaChromeMenuItem from "media-chrome/dist/menu/media-chrome-menu-item.js";
import type { Choice } from "./choice.ts";
import { byId, create } from "./element.ts";

/** A button that opens a menu of which one line is chosen. */
export class ChoiceMenu {
  readonly #button: HTMLElement;
  readonly #menu: MediaChromeMenu;
  #shown = "";

  /** @param name of the elements `#NAME-button` and `#NAME-menu` */
  constructor(name: string, label: string, choose: (value: string) => void) {
    this.#button = byId(`${name}-button`, HTMLElement);
    this.#menu = byId(`${name}-menu`, MediaChromeMenu);
    for (const element of [this.#button, this.#menu]) element.setAttribute("aria-label", label);
    this.#button.append(Object.assign(create("span", "", label), { slot: "tooltip-content" }));
    this.#menu.addEventListener("change", () => choose(this.#menu.value));
  }

  /** Without choices there is no button. Lines that stay keep the focus. */
  show(choices: readonly Choice[], chosen: string): void {
    const shown = JSON.stringify([choices, chosen]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#button.hidden = choices.length === 0;
    if (choices.length === 0) this.#menu.hidden = true;
    const items = [...this.#menu.children].filter((child) => child instanceof MediaChromeMenuItem);
    for (const [i, choice] of choices.entries()) {
      const item = items[i] ?? this.#add();
      item.value = choice.value;
      item.checked = choice.value === chosen;
      item.toggleAttribute("disabled", choice.disabled === true);
      item.setAttribute("aria-disabled", String(choice.disabled === true));
      item.replaceChildren(create("span", "", choice.label), create("span", "detail", choice.detail));
    }
    for (const item of items.slice(choices.length)) item.remove();
  }

  #add(): MediaChromeMenuItem {
    const item = document.createElement("media-chrome-menu-item") as MediaChromeMenuItem;
    item.type = "radio";
    this.#menu.append(item);
    return item;
  }
}
