import type { RelayValue } from "../src/control/api-schemas.ts";
import { fetchRelays } from "./api.ts";
import { create } from "./element.ts";
import { formatDuration } from "./format.ts";
import { strings } from "./strings.ts";

/** Connections to other servers, for those whom the API lets in. */
export class RelayList {
  /** Who is not let in is not let in a moment later either. */
  #refused = false;

  constructor(
    private readonly section: HTMLElement,
    private readonly list: HTMLUListElement,
  ) {}

  async refresh(): Promise<void> {
    if (this.#refused) return;
    const answer = await fetchRelays();
    if (answer === "unreachable") return;
    this.#refused = answer === "refused";
    const relays = answer === "refused" ? [] : answer;
    this.section.hidden = relays.length === 0;
    const items = [...relays].sort((a, b) => nameOf(a).localeCompare(nameOf(b))).map(itemOf);
    if (items.map((item) => item.textContent).join("") !== this.list.textContent) this.list.replaceChildren(...items);
  }
}

const nameOf = ({ stream, direction, target }: RelayValue): string => `${stream} ${direction} ${target}`;

function itemOf({ direction, stream, target, state, forMs, stalledMs, dropped, lastError }: RelayValue): HTMLElement {
  const item = create("li");
  const pill = create("span", "pill", strings.relayState[state]);
  pill.dataset.relay = state;
  const way = create("span", "way", strings.relayWay[direction](stream, target));
  const facts = [
    strings.since(formatDuration(forMs)),
    stalledMs >= 1000 ? strings.stalled(formatDuration(stalledMs)) : "",
    dropped > 0 ? strings.leftOut(dropped) : "",
    lastError === undefined ? "" : strings.lastError(lastError),
  ];
  item.append(pill, way, create("span", "facts", facts.filter((fact) => fact !== "").join(" \u00b7 ")));
  return item;
}
