import type { Rule } from "../finding.ts";

/** What is found while a stream is followed, apart from what single answers and playlists tell. */
export const SESSION_RULES = [
  {
    id: "playlist-kind",
    severity: "error",
    clause: "RFC 8216bis 4.4.6",
    text: "What a multivariant playlist names are media playlists.",
  },
  {
    id: "playlist-unavailable",
    severity: "error",
    clause: "RFC 8216bis 6.2.1",
    text: "The playlists that a multivariant playlist names can be had, and a live playlist until it has ended.",
  },
  {
    id: "playlist-gone",
    severity: "warning",
    clause: "RFC 8216bis 6.2.1",
    text: "A playlist that ends gets an EXT-X-ENDLIST before it is taken away.",
  },
  {
    id: "playlist-interrupted",
    severity: "warning",
    clause: "players",
    text: "A live playlist does not fail for a while; 503 with Retry-After asks players to wait.",
  },
  {
    id: "playlist-busy",
    severity: "info",
    clause: "RFC 9110 15.6.4",
    text: "The server asked to come again later, with 503 and Retry-After.",
  },
  {
    id: "origin-unreachable",
    severity: "info",
    clause: "players",
    text: "The server could not be reached for a while.",
  },
  {
    id: "request-unanswered",
    severity: "error",
    clause: "RFC 8216bis 6.2.1",
    text: "Requests for media and plain requests for playlists are answered.",
  },
  {
    id: "media-slow",
    severity: "warning",
    clause: "RFC 8216bis 6.2.1",
    text: "Segments and parts come at the full speed of the link, which is at least that of playback.",
  },
  {
    id: "removed-too-early",
    severity: "error",
    clause: "RFC 8216bis 6.2.2",
    text: "What has left a playlist can be had for a while: segments for their duration and that of the playlist from when they were listed, parts for three target durations.",
  },
  {
    id: "rendition-report-wrong",
    severity: "warning",
    clause: "RFC 8216bis 4.4.5.4, B.1",
    text: "A rendition report says where the other playlist is, within one part.",
  },
  {
    id: "http2-missing",
    severity: "warning",
    clause: "RFC 8216bis B.1",
    text: "Low-latency streams are served with HTTP/2 or HTTP/3: browsers open six connections of HTTP/1.1 at the most.",
  },
  {
    id: "tls-missing",
    severity: "info",
    clause: "RFC 8216bis B.1",
    text: "Low-latency streams are served with TLS, without which no player uses HTTP/2; Apple's player falls back to ordinary latency.",
  },
  {
    id: "key-unusable",
    severity: "error",
    clause: "RFC 8216bis 5.1",
    text: "A key file of AES-128 is 16 octets.",
  },
  {
    id: "decryption-failed",
    severity: "error",
    clause: "RFC 8216bis 4.4.4.4",
    text: "Segments with AES-128 can be decrypted with the key and the IV that are given.",
  },
  {
    id: "not-checked",
    severity: "info",
    clause: "naru validate",
    text: "Something could not be checked.",
  },
] as const satisfies readonly Rule[];

export type SessionRuleId = (typeof SESSION_RULES)[number]["id"];
