import type { Rule } from "../finding.ts";
import { HISTORY_RULES } from "../history/rules.ts";
import { MEDIA_RULES } from "../media/rules.ts";
import { BANDWIDTH_RULES, BITRATE_RULES } from "./bandwidth.ts";
import { DATE_RANGE_RULES } from "./date-ranges.ts";
import { DELTA_RULES, DIRECTIVE_RULES, PROBE_RULES } from "./delivery.ts";
import { HINT_RULES } from "./hint.ts";
import { CONDITIONAL_RULES, HTTP_RULES } from "./http.ts";
import { LOW_LATENCY_RULES } from "./low-latency.ts";
import { MEDIA_PLAYLIST_RULES } from "./media-playlist.ts";
import { MULTIVARIANT_RULES } from "./multivariant-playlist.ts";
import { PRESENTATION_RULES } from "./presentation.ts";
import { SESSION_RULES } from "./session.ts";
import { TEXT_RULES } from "./text.ts";
import { VERSION_RULES } from "./version.ts";

/** Rules in groups, as they are listed. */
export const RULE_GROUPS: readonly (readonly [title: string, rules: readonly Rule[]])[] = [
  ["Text of playlists", [...TEXT_RULES, ...VERSION_RULES]],
  ["Media playlists", [...MEDIA_PLAYLIST_RULES, ...DATE_RANGE_RULES]],
  ["Low latency", LOW_LATENCY_RULES],
  ["Multivariant playlists", [...MULTIVARIANT_RULES, ...PRESENTATION_RULES, ...BANDWIDTH_RULES, ...BITRATE_RULES]],
  ["Over time", HISTORY_RULES],
  ["Delivery directives and hints", [...DIRECTIVE_RULES, ...DELTA_RULES, ...PROBE_RULES, ...HINT_RULES]],
  ["HTTP", [...HTTP_RULES, ...CONDITIONAL_RULES]],
  ["While it is followed", SESSION_RULES],
  ["Media", MEDIA_RULES],
];

/** Every rule. */
export const RULES: readonly Rule[] = RULE_GROUPS.flatMap(([, rules]) => rules);
