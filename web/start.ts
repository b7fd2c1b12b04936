import type { ListedStream, StreamList } from "../src/gateways/http/stream-list.ts";
import { fetchStreams } from "./api.ts";
import { copyOnClick } from "./copy.ts";
import { byId } from "./element.ts";
import { showMultitrack } from "./multitrack.ts";
import { RelayList } from "./relay-list.ts";
import { StreamCard } from "./stream-card.ts";
import { strings } from "./strings.ts";

const POLL_MS = 2_500;

const summary = byId("summary", HTMLHeadingElement);
const hint = byId("hint", HTMLParagraphElement);
const trouble = byId("trouble", HTMLParagraphElement);
const list = byId("streams", HTMLUListElement);
const publish = byId("publish", HTMLElement);
const relays = new RelayList(byId("relays", HTMLElement), byId("relay-list", HTMLUListElement));
const cards = new Map<string, StreamCard>();
let polling: ReturnType<typeof setTimeout> | undefined;

async function refresh(): Promise<void> {
  clearTimeout(polling);
  if (document.hidden) return;
  const [answer] = await Promise.all([fetchStreams(), relays.refresh()]);
  trouble.hidden = answer !== undefined;
  if (answer) show(answer);
  clearTimeout(polling);
  polling = setTimeout(refresh, POLL_MS);
}

function show({ streams, version, rtmpPort }: StreamList): void {
  const sorted = [...streams].sort((a, b) => rank(a) - rank(b) || a.path.localeCompare(b.path));
  const live = sorted.filter((stream) => stream.state === "live").length;
  setText(summary, live === 0 ? strings.nothingLive : strings.countLive(live));
  hint.hidden = streams.length > 0;
  byId("version", HTMLSpanElement).textContent = version;
  showCards(sorted);
  publish.hidden = rtmpPort === undefined;
  if (rtmpPort !== undefined) showPublishing(rtmpPort);
}

/** Cards stay the same elements, so that focus and pictures survive each refresh. */
function showCards(streams: readonly ListedStream[]): void {
  const paths = new Set(streams.map((stream) => stream.path));
  for (const [path, card] of cards) {
    if (paths.has(path)) continue;
    card.element.remove();
    cards.delete(path);
  }
  streams.forEach((stream, index) => {
    let card = cards.get(stream.path);
    if (!card) cards.set(stream.path, (card = new StreamCard(stream)));
    if (list.children[index] !== card.element) list.insertBefore(card.element, list.children[index] ?? null);
    card.update(stream);
  });
}

function showPublishing(port: number): void {
  const server = `rtmp://${location.hostname}${port === 1935 ? "" : `:${port}`}/live`;
  setText(byId("obs-server", HTMLElement), server);
  setText(byId("obs-key", HTMLElement), "test");
  setText(byId("ffmpeg", HTMLElement), `ffmpeg -re -stream_loop -1 -i FILE -c copy -f flv ${server}/test`);
  setText(byId("demo", HTMLElement), `npm run demo -- ${server}/test`);
  const watch = byId("then-watch", HTMLAnchorElement);
  watch.href = "/live/test";
  setText(watch, `${location.origin}/live/test`);
  setText(byId("then-playlist", HTMLElement), `${location.origin}/live/test/index.m3u8`);
}

function rank(stream: ListedStream): number {
  return stream.state === "live" ? 0 : 1;
}

/** Only what changed, so that a selection survives and screen readers keep quiet. */
function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

showMultitrack("live");
trouble.textContent = strings.unreachable;
hint.textContent = strings.nothingLiveHint;
for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-copies]")) {
  copyOnClick(button, strings.copy, () => document.getElementById(button.dataset.copies ?? "")?.textContent ?? "");
}
document.addEventListener("visibilitychange", () => void refresh());
void refresh();
