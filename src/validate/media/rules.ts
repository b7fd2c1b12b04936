import type { Rule } from "../finding.ts";

/** What media segments, parts and initialization sections must be like, apart from how it is checked. */
const RULES = [
  // Whether it could be read
  rule("media-unreadable", "error", "RFC 8216bis 3.1", "A media segment has one of the supported formats, unbroken."),
  rule(
    "media-not-checked",
    "info",
    "none",
    "What is encrypted, or of a format that is not known here, is not checked.",
  ),

  // Initialization sections
  rule("init-unreadable", "error", "RFC 8216bis 3.1.1", "An initialization section is a ftyp and a moov with tracks."),
  rule("init-brand", "error", "RFC 8216bis 3.1.1", "The ftyp has a brand that is compatible with iso6 or higher."),
  rule("init-samples", "error", "RFC 8216bis 3.1.1", "The sample tables of an initialization section are empty."),
  rule("init-duration", "error", "RFC 8216bis 3.1.1", "The durations of mvhd and tkhd are zero."),
  rule("init-mvex", "error", "RFC 8216bis 3.1.1", "An mvex box follows the last trak."),
  rule("init-trex", "error", "ISO 14496-12 8.8.3", "The mvex has a trex for each track."),
  rule("init-external-data", "error", "RFC 8216bis 3.1.1", "Media data is not in another file."),
  rule("init-track", "error", "ISO 14496-12 8.3.2", "Each track has an id of its own, a timescale and a sample entry."),
  rule("init-sample-entry", "error", "ISO 14496-12 8.5.2", "A sample entry has the configuration of its codec."),
  rule(
    "init-picture-size",
    "warning",
    "ISO 14496-12 12.1.3",
    "A sample entry has the picture size of its parameter sets.",
  ),
  rule("init-edit-list", "info", "players", "An edit list moves the presentation, which players honour in part."),
  rule(
    "parameter-sets-in-samples",
    "warning",
    "Apple HLS authoring 1.10",
    "Use avc1 and hvc1 rather than avc3 and hev1.",
  ),
  rule("several-audio-tracks", "warning", "Apple HLS authoring 2.17", "A segment has no more than one audio stream."),

  // Fragments
  rule("fmp4-without-map", "error", "RFC 8216bis 3.1.1", "A fragmented MP4 segment has an EXT-X-MAP."),
  rule("traf-without-tfdt", "error", "RFC 8216bis 3.1.1", "Every traf has a tfdt."),
  rule("base-data-offset", "error", "RFC 8216bis 3.1.1", "Data is addressed from the moof: no base-data-offset."),
  rule(
    "default-base-is-moof",
    "warning",
    "ISO 14496-12 8.8.7",
    "Data is addressed from the moof: default-base-is-moof is set.",
  ),
  rule(
    "sample-outside-data",
    "error",
    "ISO 14496-12 8.8.8",
    "The data of each sample lies in an mdat of the same file.",
  ),
  rule("data-without-sample", "info", "ISO 14496-12 8.1.1", "All bytes of an mdat belong to a sample."),
  rule("fragment-unknown-track", "error", "RFC 8216bis 3.1.1", "Each traf has a trak in the initialization section."),
  rule(
    "track-without-samples",
    "info",
    "players",
    "Each track of the initialization section has samples in each segment.",
  ),
  rule(
    "fragment-sequence",
    "warning",
    "ISO 14496-12 8.8.5",
    "Sequence numbers rise from fragment to fragment of a segment.",
  ),
  rule("fragment-sequence-across", "info", "ISO 14496-12 8.8.5", "Sequence numbers rise from segment to segment."),
  rule("composition-offset", "warning", "players", "Presentation lies at most two seconds away from decoding."),

  // Frames
  rule("nal-lengths", "error", "ISO 14496-15 5.3.2", "The lengths of a sample's NAL units add up to its size."),
  rule(
    "sync-flag-false",
    "error",
    "ISO 14496-12 8.8.3",
    "A sample that is marked as a sync sample can be decoded alone.",
  ),
  rule(
    "sync-flag-missing",
    "warning",
    "ISO 14496-12 8.8.3",
    "A frame that can be decoded alone is marked as a sync sample.",
  ),
  rule("parameter-set-missing", "error", "ISO 14496-15 5.3.3", "The parameter sets that slices refer to are there."),
  rule(
    "parameter-set-changed",
    "warning",
    "ISO 14496-15 5.3.3",
    "Parameter sets in samples do not differ from those of the sample entry.",
  ),

  // Against the playlist
  rule("codecs-format", "error", "RFC 8216bis 4.4.6.2", "CODECS has the format of each media type of the variant."),
  rule("codecs-profile", "warning", "RFC 8216bis 4.4.6.2", "CODECS has the profile of the media, and no lower level."),
  rule("resolution", "warning", "RFC 8216bis 4.4.6.2", "RESOLUTION is the size of the pictures."),
  rule("frame-rate", "warning", "RFC 8216bis 4.4.6.2", "FRAME-RATE is the highest frame rate of the video."),
  rule("frame-rate-above-60", "warning", "Apple HLS authoring 1.19", "Frame rates above 60 are not used."),
  rule(
    "segment-duration",
    "warning",
    "Apple HLS authoring 8.1",
    "EXTINF is the duration of the media, within a frame.",
  ),
  rule(
    "segment-duration-sum",
    "warning",
    "Apple HLS authoring 8.1",
    "The sum of EXTINF durations is that of the media, within a frame.",
  ),
  rule(
    "segment-exceeds-target",
    "warning",
    "Apple HLS authoring 7.7",
    "Media is no longer than the target duration and half a second.",
  ),
  rule(
    "part-duration",
    "warning",
    "RFC 8216bis 4.4.4.9",
    "DURATION of a part is the duration of its media, within a frame.",
  ),
  rule(
    "program-date-time",
    "warning",
    "RFC 8216bis 4.4.4.6",
    "Program date-times go on as the media's times do, within half a second a minute.",
  ),
  rule("program-date-time-leap", "info", "RFC 8216bis 4.4.4.6", "Dates leave out no time without a discontinuity."),
  rule(
    "independent-segment",
    "error",
    "RFC 8216bis 4.4.2.1",
    "With EXT-X-INDEPENDENT-SEGMENTS each segment begins with a keyframe.",
  ),
  // A server cannot make one where the encoder makes none.
  rule("segment-without-keyframe", "info", "RFC 8216bis 3", "Each segment of video has a keyframe."),
  rule(
    "segment-begins-without-keyframe",
    "warning",
    "Apple HLS authoring 7.4",
    "Each segment of video begins with an IDR frame.",
  ),
  rule("independent-part", "error", "RFC 8216bis 4.4.4.9", "A part with INDEPENDENT=YES has a keyframe."),
  rule("independent-part-unmarked", "info", "RFC 8216bis 4.4.4.9", "A part with a keyframe has INDEPENDENT=YES."),
  rule("keyframe-distance", "info", "Apple HLS authoring 1.13", "A keyframe comes every two seconds."),
  rule("hevc-outside-fmp4", "warning", "Apple HLS authoring 1.5", "HEVC is in fragmented MP4."),
  rule(
    "part-samples",
    "error",
    "RFC 8216bis 3.2",
    "The parts of a segment have the samples of the segment, and no others.",
  ),
  rule(
    "part-bytes",
    "warning",
    "players",
    "The parts of a segment, one after the other, are the bytes of the segment.",
  ),

  // From segment to segment
  rule("timeline-jump", "error", "RFC 8216bis 4.4.4.3", "EXT-X-DISCONTINUITY stands where times jump."),
  rule(
    "tracks-changed",
    "error",
    "RFC 8216bis 4.4.4.3",
    "EXT-X-DISCONTINUITY stands where format, number, type or ids of tracks change.",
  ),
  rule(
    "encoding-changed",
    "warning",
    "RFC 8216bis 4.4.4.3",
    "EXT-X-DISCONTINUITY stands where codec, profile or picture size change.",
  ),
  rule(
    "decode-time-inexact",
    "warning",
    "Apple HLS authoring 7.3",
    "A fragment begins where the one before ended, within a tick.",
  ),
  rule("decode-time-overlap", "error", "RFC 8216bis 3", "A track's times do not go back."),
  rule("decode-time-gap", "warning", "RFC 8216bis 3", "A track has no gap between fragments or PES packets."),
  rule("audio-video-start", "warning", "players", "Audio and video of a segment begin within a second."),

  // Across renditions
  rule("rendition-times", "error", "RFC 8216bis 6.2.4", "Matching content has matching timestamps in all renditions."),
  rule(
    "rendition-boundaries",
    "warning",
    "Apple HLS authoring 8.22",
    "Segments begin at the same points in time in all renditions.",
  ),
  rule(
    "rendition-discontinuity",
    "error",
    "RFC 8216bis 6.2.4",
    "Matching content has the same discontinuity sequence number in all renditions.",
  ),

  // MPEG-TS
  rule("ts-tables", "error", "RFC 8216bis 3.1.2", "A transport stream segment has a PAT and a PMT, or an EXT-X-MAP."),
  rule("ts-tables-first", "warning", "RFC 8216bis 3.1.2", "A transport stream segment begins with a PAT and a PMT."),
  rule("ts-programs", "error", "RFC 8216bis 3.1.2", "A transport stream has a single program."),
  rule("ts-section", "error", "ISO 13818-1 2.4.4", "PAT and PMT are whole, with a right CRC."),
  rule("ts-continuity", "error", "ISO 13818-1 2.4.3.3", "Continuity counters count each packet of a segment."),
  rule(
    "ts-continuity-across",
    "error",
    "Apple HLS authoring 7.2",
    "Continuity counters of media go on from segment to segment.",
  ),
  rule(
    "ts-continuity-tables",
    "info",
    "ISO 13818-1 2.4.3.3",
    "Continuity counters of PAT and PMT go on from segment to segment.",
  ),
  rule("ts-pes", "error", "ISO 13818-1 2.4.3.6", "PES packets are whole."),
  rule("ts-pts", "error", "ISO 13818-1 2.7.4", "The first PES packet of a stream has a PTS."),
  rule("ts-pcr", "error", "ISO 13818-1 2.4.2.1", "A segment has a PCR."),
  rule("ts-pcr-interval", "warning", "ISO 13818-1 2.7.2", "PCRs are at most 100 ms apart."),
  rule(
    "ts-pcr-order",
    "warning",
    "ISO 13818-1 2.4.2.6",
    "A frame arrives before it is to be decoded: DTS is not before PCR.",
  ),
  rule("ts-random-access", "info", "ISO 13818-1 2.4.3.5", "A keyframe's first packet has the random access indicator."),
  rule("ts-access-unit-delimiter", "warning", "ISO 13818-1 2.14.1", "Each H.264 access unit begins with a delimiter."),
  rule("ts-parameter-sets", "warning", "RFC 8216bis 3", "The first keyframe of a segment has its parameter sets."),
  rule("ts-audio-frames", "error", "ISO 14496-3 1.A.2", "Audio is frames with valid headers, one behind the other."),

  // Packed audio and WebVTT
  rule(
    "packed-audio-timestamp",
    "error",
    "RFC 8216bis 3.1.3",
    "Packed audio begins with an ID3 tag that has its timestamp.",
  ),
  rule(
    "packed-audio-frames",
    "error",
    "RFC 8216bis 3.1.3",
    "Packed audio is frames with valid headers, one behind the other.",
  ),
  rule(
    "webvtt-header",
    "error",
    "RFC 8216bis 3.1.4",
    "A WebVTT segment begins with a WebVTT header, or has an EXT-X-MAP.",
  ),
  rule("webvtt-timestamp-map", "warning", "RFC 8216bis 3.1.4", "A WebVTT header has an X-TIMESTAMP-MAP."),
  rule("webvtt-cue", "error", "WebVTT 4.1", "A cue has two timestamps, the first before the second."),
] as const;

export const MEDIA_RULES: readonly Rule[] = RULES;

export type MediaRuleId = (typeof RULES)[number]["id"];

/** Takes a breach, in the resource with this URL. */
export type NoteAt = (rule: MediaRuleId, where: string, message: string) => void;

/** Takes a breach found in one resource. */
export type Note = (rule: MediaRuleId, message: string) => void;

function rule<Id extends string>(id: Id, severity: Rule["severity"], clause: string, text: string): Rule & { id: Id } {
  return { id, severity, clause, text };
}
