import { type Context, type DirectiveSpec, directive, flag, ignored, mapped, none, words } from "../spec.ts";

const L: readonly Context[] = ["location"];
const VL: readonly Context[] = ["http server", "location", "if"];
const HVL: readonly Context[] = ["http", ...VL];

/** Which file answers a path. */
export const SITE_DIRECTIVES: readonly DirectiveSpec[] = [
  directive("index", HVL, words(1, undefined, "file ..."), mapped("http.locations[].index")),
  directive(
    "try_files",
    ["http server", "location"],
    words(2, undefined, "file ... path | =code"),
    mapped("http.locations[].tryFiles"),
  ),
  directive(
    "error_page",
    HVL,
    words(2, undefined, "code ... [=[code]] path | url"),
    mapped("http.locations[].errorPages"),
    {
      repeats: true,
    },
  ),
  directive(
    "rewrite",
    VL,
    words(2, 3, "pattern path | url [last | break | redirect | permanent]"),
    mapped("http.rewrites, http.locations[].rewrites"),
    { repeats: true },
  ),
  directive("rewrite_log", HVL, words(1, 1), ignored("about nginx's own log")),
  directive("internal", L, none, mapped("http.locations[].internal")),
  directive("autoindex", HVL, flag, mapped("http.locations[].autoindex")),
  directive("autoindex_exact_size", HVL, flag, ignored("naru lists sizes in bytes")),
  directive("autoindex_localtime", HVL, flag, ignored("naru lists times in UTC")),
  directive("autoindex_format", HVL, words(1, 1), ignored("naru lists files as HTML")),
];
