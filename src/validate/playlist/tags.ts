/** Types of RFC 8216bis 4.2. `date` is a quoted-string with an ISO 8601 date; `words` an enumerated-string-list. */
export type AttributeType =
  | "integer"
  | "hex"
  | "decimal"
  | "signed"
  | "quoted"
  | "maybe-empty"
  | "date"
  | "words"
  | "resolution"
  | "quoted-or-none"
  | "range"
  | "offset-range"
  | readonly string[];

export type TagDefinition = {
  /** Where it may stand. */
  readonly in: "both" | "media" | "multivariant";
  /** Section of RFC 8216bis. */
  readonly clause: string;
  /** It belongs to the segment behind it, not to the playlist. */
  readonly segment?: boolean;
  /** Once in a playlist at the most. */
  readonly once?: boolean;
  /** A pattern of the value, or its attributes; undefined where it has none. */
  readonly value?: RegExp;
  readonly attributes?: Readonly<Record<string, AttributeType>>;
  readonly required?: readonly string[];
  /** Any other attribute is allowed when it begins so. */
  readonly open?: string;
};

const YES_NO = ["YES", "NO"] as const;
const INTEGER = /^\d{1,20}$/;

const KEY = {
  METHOD: ["NONE", "AES-128", "SAMPLE-AES", "SAMPLE-AES-CTR", "AES-256-GCM"],
  URI: "quoted",
  IV: "hex",
  KEYFORMAT: "quoted",
  KEYFORMATVERSIONS: "quoted",
} as const;

const I_FRAME_VARIANT = {
  BANDWIDTH: "integer",
  "AVERAGE-BANDWIDTH": "integer",
  SCORE: "decimal",
  CODECS: "quoted",
  "SUPPLEMENTAL-CODECS": "quoted",
  RESOLUTION: "resolution",
  "HDCP-LEVEL": ["TYPE-0", "TYPE-1", "NONE"],
  "ALLOWED-CPC": "quoted",
  "VIDEO-RANGE": ["SDR", "HLG", "PQ"],
  "REQ-VIDEO-LAYOUT": "quoted",
  "STABLE-VARIANT-ID": "quoted",
  VIDEO: "quoted",
  "PATHWAY-ID": "quoted",
} as const;

/** Every tag of RFC 8216bis 4.4. */
export const TAGS: Readonly<Record<string, TagDefinition>> = {
  EXTM3U: { in: "both", clause: "4.4.1.1", once: true },
  "EXT-X-VERSION": { in: "both", clause: "4.4.1.2", once: true, value: INTEGER },
  "EXT-X-INDEPENDENT-SEGMENTS": { in: "both", clause: "4.4.2.1", once: true },
  "EXT-X-START": {
    in: "both",
    clause: "4.4.2.2",
    once: true,
    attributes: { "TIME-OFFSET": "signed", PRECISE: YES_NO },
    required: ["TIME-OFFSET"],
  },
  "EXT-X-DEFINE": {
    in: "both",
    clause: "4.4.2.3",
    attributes: { NAME: "quoted", VALUE: "maybe-empty", IMPORT: "quoted", QUERYPARAM: "quoted" },
  },
  "EXT-X-TARGETDURATION": { in: "media", clause: "4.4.3.1", once: true, value: INTEGER },
  "EXT-X-MEDIA-SEQUENCE": { in: "media", clause: "4.4.3.2", once: true, value: INTEGER },
  "EXT-X-DISCONTINUITY-SEQUENCE": { in: "media", clause: "4.4.3.3", once: true, value: INTEGER },
  "EXT-X-ENDLIST": { in: "media", clause: "4.4.3.4", once: true },
  "EXT-X-PLAYLIST-TYPE": { in: "media", clause: "4.4.3.5", once: true, value: /^(?:EVENT|VOD)$/ },
  "EXT-X-I-FRAMES-ONLY": { in: "media", clause: "4.4.3.6", once: true },
  "EXT-X-PART-INF": {
    in: "media",
    clause: "4.4.3.7",
    once: true,
    attributes: { "PART-TARGET": "decimal" },
    required: ["PART-TARGET"],
  },
  "EXT-X-SERVER-CONTROL": {
    in: "media",
    clause: "4.4.3.8",
    once: true,
    attributes: {
      "CAN-SKIP-UNTIL": "decimal",
      "CAN-SKIP-DATERANGES": YES_NO,
      "HOLD-BACK": "decimal",
      "PART-HOLD-BACK": "decimal",
      "CAN-BLOCK-RELOAD": YES_NO,
    },
  },
  EXTINF: { in: "media", clause: "4.4.4.1", segment: true, value: /^\d+(?:\.\d*)?,/ },
  "EXT-X-BYTERANGE": { in: "media", clause: "4.4.4.2", segment: true, value: /^\d{1,20}(?:@\d{1,20})?$/ },
  "EXT-X-DISCONTINUITY": { in: "media", clause: "4.4.4.3", segment: true },
  "EXT-X-KEY": { in: "media", clause: "4.4.4.4", segment: true, attributes: KEY, required: ["METHOD"] },
  "EXT-X-MAP": {
    in: "media",
    clause: "4.4.4.5",
    segment: true,
    attributes: { URI: "quoted", BYTERANGE: "offset-range" },
    required: ["URI"],
  },
  "EXT-X-PROGRAM-DATE-TIME": { in: "media", clause: "4.4.4.6", segment: true, value: /^\d{4}-?\d\d-?\d\dT/ },
  "EXT-X-GAP": { in: "media", clause: "4.4.4.7", segment: true },
  "EXT-X-BITRATE": { in: "media", clause: "4.4.4.8", segment: true, value: INTEGER },
  "EXT-X-PART": {
    in: "media",
    clause: "4.4.4.9",
    segment: true,
    attributes: { URI: "quoted", DURATION: "decimal", INDEPENDENT: YES_NO, BYTERANGE: "range", GAP: YES_NO },
    required: ["URI", "DURATION"],
  },
  "EXT-X-DATERANGE": {
    in: "media",
    clause: "4.4.5.1",
    attributes: {
      ID: "quoted",
      CLASS: "quoted",
      "START-DATE": "date",
      CUE: "words",
      "END-DATE": "date",
      DURATION: "decimal",
      "PLANNED-DURATION": "decimal",
      "SCTE35-CMD": "hex",
      "SCTE35-OUT": "hex",
      "SCTE35-IN": "hex",
      "END-ON-NEXT": ["YES"],
    },
    required: ["ID"],
    open: "X-",
  },
  "EXT-X-SKIP": {
    in: "media",
    clause: "4.4.5.2",
    once: true,
    attributes: { "SKIPPED-SEGMENTS": "integer", "RECENTLY-REMOVED-DATERANGES": "maybe-empty" },
    required: ["SKIPPED-SEGMENTS"],
  },
  "EXT-X-PRELOAD-HINT": {
    in: "media",
    clause: "4.4.5.3",
    attributes: {
      TYPE: ["PART", "MAP"],
      URI: "quoted",
      "BYTERANGE-START": "integer",
      "BYTERANGE-LENGTH": "integer",
    },
    required: ["TYPE", "URI"],
  },
  "EXT-X-RENDITION-REPORT": {
    in: "media",
    clause: "4.4.5.4",
    // LAST-MSN and LAST-PART may be left out where they equal those of the playlist that they stand in.
    attributes: { URI: "quoted", "LAST-MSN": "integer", "LAST-PART": "integer" },
    required: ["URI"],
  },
  "EXT-X-MEDIA": {
    in: "multivariant",
    clause: "4.4.6.1",
    attributes: {
      TYPE: ["AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"],
      URI: "quoted",
      "GROUP-ID": "quoted",
      LANGUAGE: "quoted",
      "ASSOC-LANGUAGE": "quoted",
      NAME: "quoted",
      "STABLE-RENDITION-ID": "quoted",
      DEFAULT: YES_NO,
      AUTOSELECT: YES_NO,
      FORCED: YES_NO,
      "INSTREAM-ID": "quoted",
      "BIT-DEPTH": "integer",
      "SAMPLE-RATE": "integer",
      CHARACTERISTICS: "quoted",
      CHANNELS: "quoted",
      "PATHWAY-ID": "quoted",
    },
    required: ["TYPE", "GROUP-ID", "NAME"],
  },
  "EXT-X-STREAM-INF": {
    in: "multivariant",
    clause: "4.4.6.2",
    attributes: {
      ...I_FRAME_VARIANT,
      "FRAME-RATE": "decimal",
      AUDIO: "quoted",
      SUBTITLES: "quoted",
      "CLOSED-CAPTIONS": "quoted-or-none",
      // Removed from the standard, harmless.
      "PROGRAM-ID": "integer",
      NAME: "quoted",
    },
    required: ["BANDWIDTH"],
  },
  "EXT-X-I-FRAME-STREAM-INF": {
    in: "multivariant",
    clause: "4.4.6.3",
    attributes: { ...I_FRAME_VARIANT, URI: "quoted" },
    required: ["BANDWIDTH", "URI"],
  },
  "EXT-X-SESSION-DATA": {
    in: "multivariant",
    clause: "4.4.6.4",
    attributes: { "DATA-ID": "quoted", VALUE: "quoted", URI: "quoted", FORMAT: ["JSON", "RAW"], LANGUAGE: "quoted" },
    required: ["DATA-ID"],
  },
  "EXT-X-SESSION-KEY": { in: "multivariant", clause: "4.4.6.5", attributes: KEY, required: ["METHOD", "URI"] },
  "EXT-X-CONTENT-STEERING": {
    in: "multivariant",
    clause: "4.4.6.6",
    once: true,
    attributes: { "SERVER-URI": "quoted", "PATHWAY-ID": "quoted" },
    required: ["SERVER-URI"],
  },
};

/** In earlier versions of the standard, or in wide use. */
export const LEGACY_TAGS: readonly string[] = [
  "EXT-X-ALLOW-CACHE",
  "EXT-X-CUE-IN",
  "EXT-X-CUE-OUT",
  "EXT-X-CUE-OUT-CONT",
  "EXT-OATCLS-SCTE35",
];
