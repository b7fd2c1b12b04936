import { formatMediaPlaylist } from "../formats/m3u8/format-media-playlist.ts";
import { formatMultivariantPlaylist } from "../formats/m3u8/multivariant-playlist.ts";
import type { Playlist } from "./answer.ts";
import { type DeltaUpdate, type PlaylistProfile, toMediaPlaylist, toRenditionReport } from "./media-playlists.ts";
import { type RenditionDescription, toMultivariantPlaylist } from "./multivariant.ts";
import type { RenditionWindow } from "./window.ts";

const encoder = new TextEncoder();

/** The playlists of a rendition as bytes: rendered when first asked for after a change, then shared by all who ask. */
export class RenditionPlaylists {
  readonly #window: RenditionWindow;
  readonly #profile: PlaylistProfile;
  readonly #describe: () => RenditionDescription;
  readonly #others: { readonly uri: string; readonly window: RenditionWindow }[] = [];
  #version = -1;
  #full: Playlist | undefined;
  #delta: Playlist | undefined;
  #deltaOfRanges: Playlist | undefined;
  #multivariantText = "";
  #multivariant: Playlist | undefined;

  constructor(window: RenditionWindow, profile: PlaylistProfile, describe: () => RenditionDescription) {
    this.#window = window;
    this.#profile = profile;
    this.#describe = describe;
  }

  /** Reports of another rendition of the presentation from now on. @param uri of its playlist, relative to this one's */
  reportOn(uri: string, window: RenditionWindow): void {
    this.#others.push({ uri, window });
  }

  media(delta: DeltaUpdate | undefined): Playlist {
    let { version } = this.#window;
    for (const other of this.#others) version += other.window.version;
    if (this.#version !== version) {
      this.#version = version;
      this.#full = undefined;
      this.#delta = undefined;
      this.#deltaOfRanges = undefined;
    }
    if (!delta) return (this.#full ??= this.#render(undefined));
    // Without date ranges both are the same.
    if (delta === "v2" && !this.#window.dateRanges.isEmpty) return (this.#deltaOfRanges ??= this.#render("v2"));
    return (this.#delta ??= this.#render("YES"));
  }

  multivariant(): Playlist {
    const text = formatMultivariantPlaylist(toMultivariantPlaylist(this.#describe(), this.#profile.version));
    if (!this.#multivariant || text !== this.#multivariantText) {
      this.#multivariantText = text;
      this.#multivariant = toPlaylist(text);
    }
    return this.#multivariant;
  }

  #render(delta: DeltaUpdate | undefined): Playlist {
    const reports = this.#others.flatMap(
      ({ uri, window }) => toRenditionReport(uri, window, this.#profile.lowLatency) ?? [],
    );
    const playlist = toMediaPlaylist(this.#window, this.#profile, delta, reports);
    // Nothing to skip: the whole playlist is the answer.
    if (delta && playlist.skipped === 0) return this.media(undefined);
    return toPlaylist(formatMediaPlaylist(playlist));
  }
}

function toPlaylist(text: string): Playlist {
  return { kind: "playlist", bytes: encoder.encode(text) };
}
