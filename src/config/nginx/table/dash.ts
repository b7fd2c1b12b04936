import { anyOf, type Context, type DirectiveSpec, directive, flag, mapped, path, text, time } from "../spec.ts";

const MSA: readonly Context[] = ["rtmp", "server", "application"];

/** MPEG-DASH: what they become is in translate-dash.ts, since nothing of it holds without `dash on`. */
export const DASH_DIRECTIVES: readonly DirectiveSpec[] = [
  directive("dash", MSA, flag, mapped("applications.NAME.dash.enabled")),
  directive("dash_path", MSA, path, mapped("applications.NAME.dash.path")),
  directive("dash_fragment", MSA, time, mapped("applications.NAME.dash.segment")),
  directive("dash_playlist_length", MSA, time, mapped("applications.NAME.dash.window")),
  directive("dash_cleanup", MSA, flag, mapped("applications.NAME.dash.cleanup")),
  directive("dash_nested", MSA, flag, mapped("applications.NAME.dash.nested")),
];

/** Of the fork by sergey-dryabzhinsky. */
export const DASH_FORK_DIRECTIVES: readonly DirectiveSpec[] = [
  directive(
    "dash_clock_compensation",
    MSA,
    anyOf("off", "ntp", "http_head", "http_iso"),
    mapped("applications.NAME.dash.clock.kind"),
  ),
  directive("dash_clock_helper_uri", MSA, text, mapped("applications.NAME.dash.clock.url")),
];
