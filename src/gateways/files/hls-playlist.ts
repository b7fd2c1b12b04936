import type { Millis } from "../../media/time.ts";

/** How a segment is encrypted: by AES-128, whole. */
export type HlsKey = {
  readonly uri: string;
  /** 0x and 32 hexadecimal digits. */
  readonly iv: string;
};

export type HlsEntry = {
  readonly uri: string;
  /** Seconds. */
  readonly duration: number;
  readonly discontinuity: boolean;
  /** Of the first sample; undefined for entries of a server that did not write it. */
  readonly wallclock: Millis | undefined;
  /** Left out where it is not encrypted. */
  readonly key?: HlsKey | undefined;
};

export type HlsPlaylist = {
  readonly mediaSequence: number;
  /** Discontinuities that have left the playlist. */
  readonly discontinuitySequence: number;
  /** Whole seconds. */
  readonly targetDuration: number;
  /** Nothing has left it and nothing will (EXT-X-PLAYLIST-TYPE:EVENT). */
  readonly event: boolean;
  readonly entries: readonly HlsEntry[];
};

/** Entries that are read of a playlist found on disk; no window is that long. */
const MAX_ENTRIES = 10_000;

/**
 * The playlist in nginx-rtmp's form (RFC 8216), with what that lacks: EXT-X-PROGRAM-DATE-TIME, and
 * EXT-X-DISCONTINUITY-SEQUENCE where there is a discontinuity to count.
 */
export function formatHlsPlaylist(playlist: HlsPlaylist): string {
  let text = "#EXTM3U\n#EXT-X-VERSION:3\n";
  text += `#EXT-X-MEDIA-SEQUENCE:${playlist.mediaSequence}\n`;
  text += `#EXT-X-TARGETDURATION:${playlist.targetDuration}\n`;
  if (playlist.event) text += "#EXT-X-PLAYLIST-TYPE:EVENT\n";
  if (playlist.discontinuitySequence > 0 || playlist.entries.some((entry) => entry.discontinuity)) {
    text += `#EXT-X-DISCONTINUITY-SEQUENCE:${playlist.discontinuitySequence}\n`;
  }
  let last: HlsKey | undefined;
  for (const { uri, duration, discontinuity, wallclock, key } of playlist.entries) {
    if (discontinuity) text += "#EXT-X-DISCONTINUITY\n";
    if (key?.uri !== last?.uri || key?.iv !== last?.iv) text += formatKey(key);
    last = key;
    if (wallclock !== undefined) text += `#EXT-X-PROGRAM-DATE-TIME:${new Date(wallclock).toISOString()}\n`;
    text += `#EXTINF:${duration.toFixed(3)},\n${uri}\n`;
  }
  return text;
}

function formatKey(key: HlsKey | undefined): string {
  return key ? `#EXT-X-KEY:METHOD=AES-128,URI="${key.uri}",IV=${key.iv}\n` : "#EXT-X-KEY:METHOD=NONE\n";
}

/** Undefined for a method that none of our segments has. */
function parseKey(line: string): HlsKey | undefined {
  const match = /^#EXT-X-KEY:METHOD=AES-128,URI="([^"]*)",IV=(0x[0-9a-fA-F]{32})$/.exec(line);
  return match ? { uri: match[1] as string, iv: match[2] as string } : undefined;
}

/** Reads a playlist that this server or nginx-rtmp wrote. Undefined when it is none; unknown lines are passed over. */
export function parseHlsPlaylist(text: string): HlsPlaylist | undefined {
  const lines = text.split(/\r?\n/);
  if (lines[0] !== "#EXTM3U") return undefined;
  const number = (tag: string) => {
    const line = lines.find((other) => other.startsWith(`${tag}:`));
    const value = Number(line?.slice(tag.length + 1) || Number.NaN);
    return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  };
  const mediaSequence = number("#EXT-X-MEDIA-SEQUENCE");
  if (mediaSequence === undefined) return undefined;

  const entries: HlsEntry[] = [];
  let duration: number | undefined;
  let discontinuity = false;
  let wallclock: Millis | undefined;
  let key: HlsKey | undefined;
  for (const line of lines) {
    if (entries.length === MAX_ENTRIES) return undefined;
    if (line === "#EXT-X-DISCONTINUITY") {
      discontinuity = true;
    } else if (line.startsWith("#EXT-X-KEY:")) {
      key = parseKey(line);
    } else if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) {
      const time = Date.parse(line.slice(line.indexOf(":") + 1));
      wallclock = Number.isNaN(time) ? undefined : time;
    } else if (line.startsWith("#EXTINF:")) {
      const seconds = Number.parseFloat(line.slice(8));
      duration = seconds >= 0 ? seconds : undefined;
    } else if (line !== "" && !line.startsWith("#")) {
      if (duration === undefined) return undefined;
      entries.push({ uri: line, duration, discontinuity, wallclock, ...(key && { key }) });
      duration = undefined;
      discontinuity = false;
      wallclock = undefined;
    }
  }
  return {
    mediaSequence,
    discontinuitySequence: number("#EXT-X-DISCONTINUITY-SEQUENCE") ?? 0,
    targetDuration: number("#EXT-X-TARGETDURATION") ?? 1,
    event: lines.some((line) => /^#EXT-X-PLAYLIST-TYPE: ?EVENT$/.test(line)),
    entries,
  };
}
