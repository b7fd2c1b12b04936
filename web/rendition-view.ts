import { ChoiceMenu } from "./choice-menu.ts";
import { byId } from "./element.ts";
import type { Renditions } from "./player.ts";
import { AUTOMATIC, audioChoices, qualityChoices, type Rungs, shownText } from "./quality-text.ts";
import { strings } from "./strings.ts";

/** The menus of qualities and sounds, and the line that says which quality is shown, and why. */
export class RenditionView {
  readonly #quality: ChoiceMenu;
  readonly #audio: ChoiceMenu;
  readonly #shown = byId("quality", HTMLSpanElement);

  constructor(choose: (name: string | undefined) => void, chooseAudio: (name: string) => void) {
    this.#quality = new ChoiceMenu("quality", strings.quality, (name) => choose(name === AUTOMATIC ? undefined : name));
    this.#audio = new ChoiceMenu("audio", strings.audioTrack, chooseAudio);
  }

  /** @param renditions undefined while there is no player that tells */
  show(renditions: Renditions | undefined, rungs: Rungs): void {
    const { qualities = [], shown, chosen = AUTOMATIC, audioTracks = [], heard = "" } = renditions ?? {};
    this.#quality.show(qualityChoices(qualities, rungs, shown), chosen);
    this.#audio.show(audioChoices(audioTracks), heard);
    const text = renditions ? shownText(renditions) : "";
    if (this.#shown.textContent !== text) this.#shown.textContent = text;
  }
}
