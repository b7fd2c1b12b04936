import { formatMultivariantPlaylist } from "../formats/m3u8/multivariant-playlist.ts";
import type { Playlist } from "./answer.ts";
import { toMultivariantPlaylist, type VariantDescription } from "./multivariant.ts";
import { LEAD, playlistName } from "./names.ts";
import type { HlsOutput } from "./output.ts";

const encoder = new TextEncoder();

/**
 * The multivariant playlist of streams that are qualities of one another: `live/test_720` and `live/test_480` at `live/test`.
 * @param outputs with media in them
 */
export function groupPlaylist(path: string, outputs: readonly HlsOutput[]): Playlist {
  const variants = outputs.map((output) => output.describe(uriOf(path, output.path)));
  const version = Math.max(...outputs.map((output) => output.playlistVersion));
  const description = { variants: variants.sort((a, b) => quality(b) - quality(a)), audio: [] };
  const text = formatMultivariantPlaylist(toMultivariantPlaylist(description, version));
  return { kind: "playlist", bytes: encoder.encode(text) };
}

/** Of a stream's media playlist, relative to the playlists of its group. */
function uriOf(group: string, path: string): string {
  const media = playlistName(LEAD);
  return path === group ? media : `../${encodeURIComponent(path.slice(path.lastIndexOf("/") + 1))}/${media}`;
}

function quality({ resolution, bandwidth }: VariantDescription): number {
  return (resolution ? resolution.width * resolution.height : 0) * 1e9 + bandwidth.peak;
}
