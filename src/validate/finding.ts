/**
 * `error`: a MUST of the standard is broken. `warning`: a SHOULD, one of Apple's rules for authors, or something that is
 * known to break a player. `info`: worth knowing, such as what could not be checked.
 */
export type Severity = "error" | "warning" | "info";

/** Stable name of a rule, in lower case with hyphens: `part-exceeds-target`. */
export type RuleId = string;

/** What a rule asks, apart from how it is checked. */
export type Rule = {
  readonly id: RuleId;
  readonly severity: Severity;
  /** Where it stands: `RFC 8216bis 4.4.4.9`, `Apple HLS authoring 6.10`, `ISO 14496-12 8.8.7`, or `players` for known breakage. */
  readonly clause: string;
  /** What must be so, in one sentence. */
  readonly text: string;
};

/** One breach of a rule. */
export type Finding = {
  readonly rule: RuleId;
  /** URL of the playlist or resource. */
  readonly where: string;
  /** Line in the playlist, from 1. */
  readonly line?: number;
  /** What was found there, with the values. */
  readonly message: string;
};

/** A breach that was found in the media itself. */
export type MediaFinding = Finding;

/** Takes findings as they are made. */
export type Report = (finding: Finding) => void;

/** What the playlists say of a media segment. */
export type SegmentInfo = {
  /** The media playlist that it is in: the URL, as a name only. */
  readonly rendition: string;
  /** Absolute URL. */
  readonly uri: string;
  /** Media sequence number. */
  readonly msn: number;
  /** EXTINF; seconds. */
  readonly duration: number;
  /** EXT-X-DISCONTINUITY stands before it. */
  readonly discontinuity: boolean;
  readonly discontinuitySequence: number;
  /** EXT-X-PROGRAM-DATE-TIME of it, written or from the one before and the durations; ms since 1970. */
  readonly programDateTime?: number;
  /** Absolute URL of the EXT-X-MAP that applies, with `#OFFSET+LENGTH` where it is a range. As given to `MediaChecks.init`. */
  readonly initUri?: string;
  /** EXT-X-INDEPENDENT-SEGMENTS applies. */
  readonly independentClaimed: boolean;
  /** EXT-X-TARGETDURATION; seconds. */
  readonly targetDuration: number;
  /** CODECS of the variant; undefined where there is none, or for a media playlist alone. */
  readonly codecs?: readonly string[];
  readonly resolution?: { readonly width: number; readonly height: number };
  /** Frames per second. */
  readonly frameRate?: number;
  /** EXT-X-GAP; its bytes are never fetched. */
  readonly gap: boolean;
  /** METHOD of the EXT-X-KEY with which the bytes are still encrypted. Those of AES-128 are decrypted before. */
  readonly encryption?: string;
};

/** What the playlists say of a partial segment; `duration` is the part's, `independentClaimed` its INDEPENDENT=YES. */
export type PartInfo = SegmentInfo & {
  /** Index in its segment, from 0. */
  readonly part: number;
};
