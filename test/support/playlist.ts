/** A media playlist as a test sees it: read with an own small reader, so that the server's is not its own judge. */
export type ReadPlaylist = {
  readonly text: string;
  readonly targetDuration: number;
  readonly mediaSequence: number;
  /** Address of the newest initialization section. */
  readonly init: string | undefined;
  /** Those that have an address; parts of the unfinished one are not in here. */
  readonly segments: readonly ReadSegment[];
  /** What a blocking reload has to ask for. */
  readonly next: { readonly msn: number; readonly part: number };
  readonly ended: boolean;
};

export type ReadSegment = {
  readonly msn: number;
  readonly url: string;
  readonly duration: number;
  readonly discontinuity: boolean;
  readonly parts: readonly { readonly url: string; readonly duration: number }[];
};

/** Fetches and reads a media playlist. @throws when it is not there or is no playlist */
export async function readPlaylist(url: string): Promise<ReadPlaylist> {
  const response = await fetch(url);
  const text = await response.text();
  if (!response.ok || !text.startsWith("#EXTM3U")) throw new Error(`${url}: ${response.status} ${text.slice(0, 200)}`);
  const absolute = (uri: string | undefined) => (uri === undefined ? undefined : new URL(uri, url).href);
  const mediaSequence = Number(/^#EXT-X-MEDIA-SEQUENCE:(\d+)/m.exec(text)?.[1] ?? 0);
  const segments: ReadSegment[] = [];
  let init: string | undefined;
  let duration = 0;
  let discontinuity = false;
  let parts: { url: string; duration: number }[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("#EXT-X-MAP:")) init = absolute(attribute(line, "URI"));
    else if (line === "#EXT-X-DISCONTINUITY") discontinuity = true;
    else if (line.startsWith("#EXTINF:")) duration = Number.parseFloat(line.slice(8));
    else if (line.startsWith("#EXT-X-PART:"))
      parts.push({ url: absolute(attribute(line, "URI")) ?? "", duration: Number(attribute(line, "DURATION")) });
    else if (line !== "" && !line.startsWith("#")) {
      const msn = mediaSequence + segments.length;
      segments.push({ msn, url: absolute(line) ?? "", duration, discontinuity, parts });
      [discontinuity, parts] = [false, []];
    }
  }
  return {
    text,
    targetDuration: Number(/^#EXT-X-TARGETDURATION:(\d+)/m.exec(text)?.[1]),
    mediaSequence,
    init,
    segments,
    next: { msn: mediaSequence + segments.length, part: parts.length },
    ended: /^#EXT-X-ENDLIST/m.test(text),
  };
}

/** The first variant's playlist of a multivariant playlist; the address itself when it is a media playlist. */
export async function mediaPlaylistUrl(url: string): Promise<string> {
  const text = await (await fetch(url)).text();
  const variant = /^#EXT-X-STREAM-INF:.*\r?\n(?:#.*\r?\n)*([^#\r\n]+)/m.exec(text)?.[1];
  return variant === undefined ? url : new URL(variant, url).href;
}

function attribute(line: string, name: string): string | undefined {
  const match = new RegExp(`[:,]${name}=(?:"([^"]*)"|([^,]*))`).exec(line);
  return match?.[1] ?? match?.[2];
}
