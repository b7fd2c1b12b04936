import type { ListedStream } from "../src/gateways/http/stream-list.ts";
import { copyOnClick } from "./copy.ts";
import { create } from "./element.ts";
import { formatAgent, formatBackup, formatDuration, formatMedia } from "./format.ts";
import { Picture } from "./picture.ts";
import { strings } from "./strings.ts";

/** One stream on the start page. */
export class StreamCard {
  readonly element = create("li", "card");
  readonly #state = create("span", "pill");
  readonly #viewers = create("span", "pill viewers");
  readonly #media = create("p");
  readonly #more = create("p");
  readonly #picture: Picture;

  constructor(stream: ListedStream) {
    const { path, urls } = stream;
    const none = create("span", "none", strings.noPicture);
    this.#picture = new Picture(urls, (shown) => (none.hidden = shown));
    this.#picture.canvas.setAttribute("aria-label", strings.pictureOf(path));
    const picture = create("a", "picture");
    picture.href = urls.watch;
    // The name below is the link for keyboards and screen readers.
    picture.tabIndex = -1;
    picture.setAttribute("aria-hidden", "true");
    picture.append(this.#picture.canvas, none);

    const name = create("a", "", path);
    name.href = urls.watch;
    const title = create("h2");
    title.append(name);
    const watch = create("a", "button primary", strings.watch);
    watch.href = urls.watch;
    watch.setAttribute("aria-label", strings.watchNamed(path));
    const page = create("button", "button");
    const playlist = create("button", "button");
    for (const button of [page, playlist]) button.type = "button";
    page.title = strings.copyPage;
    playlist.title = strings.copyPlaylist;
    copyOnClick(page, strings.copyPageShort, () => new URL(urls.watch, location.href).href);
    copyOnClick(playlist, strings.copyPlaylistShort, () => new URL(urls.playlist, location.href).href);
    const actions = create("div", "actions");
    actions.append(watch, page, playlist);
    const body = create("div", "body");
    body.append(title, this.#media, this.#more, actions);
    picture.append(this.#state, this.#viewers);
    this.element.append(picture, body);
    this.update(stream);
  }

  update(stream: ListedStream): void {
    this.#state.textContent = strings[stream.state];
    this.#state.dataset.state = stream.state;
    this.#viewers.textContent = strings.viewers(stream.viewers);
    this.#media.textContent = formatMedia(stream).join(" \u00b7 ");
    this.#more.textContent = [
      strings.started(formatDuration(Date.now() - Date.parse(stream.since))),
      stream.keyframeInterval > 0 ? strings.keyframes(String(Number(stream.keyframeInterval.toFixed(1)))) : "",
      stream.agent ? formatAgent(stream.agent) : "",
      formatBackup(stream),
    ]
      .filter((fact) => fact !== "")
      .join(" \u00b7 ");
    if (stream.state === "live") this.#picture.refresh(performance.now());
  }
}
