import { Chromium } from "../support/clients/chromium.ts";
import { watchWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { watchWithGstreamer } from "../support/clients/gstreamer.ts";
import { watchWithVlc } from "../support/clients/vlc.ts";
import { type PagePlayer, PlayerPage } from "../support/player-page.ts";
import type { Need } from "../support/requires.ts";
import type { WatchedPlayer } from "../support/watched-player.ts";

/** The players of the matrix, each with its default settings. */
export const PLAYERS = ["hls.js", "chromium", "shaka", "vlc", "ffmpeg", "gstreamer"] as const;
export type PlayerName = (typeof PLAYERS)[number];

/** What of the machine each needs. */
export const PLAYER_NEEDS: Readonly<Record<PlayerName, Need>> = {
  "hls.js": "chromium",
  chromium: "chromium",
  shaka: "chromium",
  vlc: "vlc",
  ffmpeg: "ffmpeg",
  gstreamer: "gstreamer",
};

const PAGE_PLAYERS: Partial<Record<PlayerName, PagePlayer>> = { "hls.js": "hls", chromium: "native", shaka: "shaka" };

/** Starts players; the browser is one for all of them. */
export class PlayerRoom implements AsyncDisposable {
  #browser: Promise<Chromium> | undefined;
  #page = new PlayerPage();

  /** A player that plays `url` from now on. */
  async play(player: PlayerName, url: string): Promise<WatchedPlayer> {
    const page = PAGE_PLAYERS[player];
    if (page) {
      this.#browser ??= Chromium.launch();
      return (await this.#browser).watch(this.#page.url(url, page));
    }
    if (player === "vlc") return watchWithVlc(url);
    return player === "ffmpeg" ? watchWithFfmpeg(url) : watchWithGstreamer(url);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#browser)?.[Symbol.asyncDispose]();
    this.#page[Symbol.dispose]();
  }
}
