import { formatMediaPlaylist } from "../formats/m3u8/format-media-playlist.ts";
import type { Playlist } from "./answer.ts";
import { type DeltaUpdate, type PlaylistProfile, toMediaPlaylist, toRenditionReport } from "./media-playlists.ts";
import type { RenditionWindow } from "./window.ts";

const encoder = new TextEncoder();

/** Another rendition of the presentation. */
export type OtherRendition = {
  /** Of its playlist, relative to this one's. */
  readonly uri: string;
  readonly window: RenditionWindow;
};

/** The playlists of a rendition as bytes: rendered when first asked for after a change, then shared by all who ask. */
export class RenditionPlaylists {
  readonly #window: RenditionWindow;
  readonly #profile: PlaylistProfile;
  readonly #others: () => readonly OtherRendition[];
  #reportedOn: readonly OtherRendition[] = [];
  #version = -1;
  #full: Playlist | undefined;
  #delta: Playlist | undefined;
  #deltaOfRanges: Playlist | undefined;

  /** @param others those to report of; another array when they are others */
  constructor(window: RenditionWindow, profile: PlaylistProfile, others: () => readonly OtherRendition[] = NONE) {
    this.#window = window;
    this.#profile = profile;
    this.#others = others;
  }

  media(delta: DeltaUpdate | undefined): Playlist {
    const others = this.#others();
    let { version } = this.#window;
    for (const other of others) version += other.window.version;
    if (this.#version !== version || this.#reportedOn !== others) {
      this.#version = version;
      this.#reportedOn = others;
      this.#full = undefined;
      this.#delta = undefined;
      this.#deltaOfRanges = undefined;
    }
    if (!delta) return (this.#full ??= this.#render(undefined));
    // Without date ranges both are the same.
    if (delta === "v2" && !this.#window.dateRanges.isEmpty) return (this.#deltaOfRanges ??= this.#render("v2"));
    return (this.#delta ??= this.#render("YES"));
  }

  #render(delta: DeltaUpdate | undefined): Playlist {
    const reports = this.#reportedOn.flatMap(
      ({ uri, window }) => toRenditionReport(uri, window, this.#profile.lowLatency) ?? [],
    );
    const playlist = toMediaPlaylist(this.#window, this.#profile, delta, reports);
    // Nothing to skip: the whole playlist is the answer.
    if (delta && playlist.skipped === 0) return this.media(undefined);
    return { kind: "playlist", bytes: encoder.encode(formatMediaPlaylist(playlist)) };
  }
}

const NO_OTHERS: readonly OtherRendition[] = [];
const NONE = (): readonly OtherRendition[] => NO_OTHERS;
