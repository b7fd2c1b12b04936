import type { Report } from "./finding.ts";
import { type PlaylistDocument, readDocument } from "./playlist/document.ts";
import type { FoundMediaPlaylist } from "./playlist/media-playlist.ts";
import { readMediaPlaylist } from "./playlist/read-media-playlist.ts";
import { type FoundMultivariantPlaylist, readMultivariantPlaylist } from "./playlist/read-multivariant-playlist.ts";
import { readVariables } from "./playlist/variables.ts";
import { applyRules } from "./rules/checked-rule.ts";
import { DATE_RANGE_RULES } from "./rules/date-ranges.ts";
import { LOW_LATENCY_RULES } from "./rules/low-latency.ts";
import { MEDIA_PLAYLIST_RULES } from "./rules/media-playlist.ts";
import { MULTIVARIANT_RULES } from "./rules/multivariant-playlist.ts";
import { kindOf, TEXT_RULES } from "./rules/text.ts";
import { VERSION_RULES } from "./rules/version.ts";

/** A playlist of either kind, or of none. */
export type CheckedPlaylist =
  | { readonly kind: "media"; readonly document: PlaylistDocument; readonly playlist: FoundMediaPlaylist }
  | {
      readonly kind: "multivariant";
      readonly document: PlaylistDocument;
      readonly playlist: FoundMultivariantPlaylist;
      /** Variables that its media playlists may import. */
      readonly variables: ReadonlyMap<string, string>;
    }
  | { readonly kind: undefined; readonly document: PlaylistDocument };

export type CheckPlaylistOptions = {
  /** URL that it was loaded from. */
  readonly url: string;
  /** Variables of the multivariant playlist. */
  readonly imports?: ReadonlyMap<string, string>;
};

/**
 * Reads a playlist and reports what is wrong with it by itself. Of a delta update only the text is checked: what its tags
 * mean is only known together with what it skips.
 */
export function checkPlaylist(
  text: string | Uint8Array,
  options: CheckPlaylistOptions,
  report: Report,
): CheckedPlaylist {
  const { url } = options;
  const document = readDocument(text);
  const variables = readVariables(document, options);
  const kind = kindOf(document);
  applyRules(TEXT_RULES, { document, url, variables, kind }, url, report);
  applyRules(VERSION_RULES, { document, url, variables, kind }, url, report);
  if (kind === "multivariant") {
    const playlist = readMultivariantPlaylist(document, url, variables);
    applyRules(MULTIVARIANT_RULES, { document, playlist }, url, report);
    return { kind, document, playlist, variables: variables.values };
  }
  if (kind === undefined) return { kind, document };
  const playlist = readMediaPlaylist(document, url, variables);
  if (playlist.skipped === 0) {
    for (const rules of [MEDIA_PLAYLIST_RULES, LOW_LATENCY_RULES, DATE_RANGE_RULES]) {
      applyRules(rules, { document, playlist }, url, report);
    }
  }
  return { kind, document, playlist };
}
