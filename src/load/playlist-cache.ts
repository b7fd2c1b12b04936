import { MalformedError } from "../bytes/errors.ts";
import { type Choice, parseChoices } from "./multivariant.ts";
import { applyDelta, type Delta, parseSnapshot, type Snapshot } from "./snapshot.ts";

/** A playlist as a viewer gets it. One object per distinct body: viewers share what was parsed once. */
export type ReceivedPlaylist =
  | { readonly type: "multivariant"; readonly choices: readonly Choice[] }
  | { readonly type: "media"; readonly snapshot: Snapshot }
  | ReceivedDelta
  | { readonly type: "malformed"; readonly reason: string };

export type ReceivedDelta = { readonly type: "delta"; readonly delta: Delta; merged?: Snapshot };

type Entry = { readonly body: Uint8Array; readonly received: ReceivedPlaylist };

/** Distinct bodies of one URL that may be under way at a time: versions, whole and delta. */
const MAX_BODIES = 32;
/** Playlists of a multivariant playlist, with room for a redirection or two. */
const MAX_URLS = 256;

/** Parses each distinct playlist once: all viewers of a stream get the same bytes. */
export class PlaylistCache {
  readonly #urls = new Map<string, Entry[]>();
  readonly #decode: (body: Uint8Array, encoding: string) => string;

  /** @param decode undoes the content encoding; may throw */
  constructor(decode: (body: Uint8Array, encoding: string) => string) {
    this.#decode = decode;
  }

  /** @param url where the body came from, without delivery directives */
  read(url: string, body: Uint8Array, encoding: string): ReceivedPlaylist {
    let entries = this.#urls.get(url);
    if (!entries) {
      if (this.#urls.size >= MAX_URLS) this.#urls.clear();
      this.#urls.set(url, (entries = []));
    }
    for (let i = entries.length - 1; i >= 0; i--) {
      const entry = entries[i] as Entry;
      if (entry.body.length === body.length && Buffer.compare(entry.body, body) === 0) return entry.received;
    }
    const received = this.#parse(url, body, encoding);
    if (entries.length === MAX_BODIES) entries.shift();
    entries.push({ body: body.slice(), received });
    return received;
  }

  #parse(url: string, body: Uint8Array, encoding: string): ReceivedPlaylist {
    try {
      const text = this.#decode(body, encoding);
      if (!text.startsWith("#EXTM3U")) throw new MalformedError("playlist: does not begin with #EXTM3U");
      if (text.includes("#EXT-X-STREAM-INF")) return { type: "multivariant", choices: parseChoices(text, url) };
      const parsed = parseSnapshot(text, url);
      return "segments" in parsed ? { type: "media", snapshot: parsed } : { type: "delta", delta: parsed };
    } catch (error) {
      return { type: "malformed", reason: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** The delta update on top of what a viewer knew; made once for all who knew enough. */
export function mergeDelta(before: Snapshot, received: ReceivedDelta): Snapshot | undefined {
  const { mediaSequence, skipped } = received.delta.playlist;
  const complete = before.segments.length - (before.segments.at(-1)?.whole ? 0 : 1);
  const from = before.playlist.mediaSequence;
  if (from > mediaSequence || from + complete < mediaSequence + skipped) return undefined;
  return (received.merged ??= applyDelta(before, received.delta));
}
