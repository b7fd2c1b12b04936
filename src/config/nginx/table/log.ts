import { type Context, type DirectiveSpec, directive, mapped, words } from "../spec.ts";

const MSA: readonly Context[] = ["rtmp", "server", "application"];

/** A line for each session that has ended. */
export const LOG_DIRECTIVES: readonly DirectiveSpec[] = [
  directive("access_log", MSA, words(1, 2, "off | path [format]"), mapped("applications.NAME.accessLog"), {
    repeats: true,
  }),
  directive("log_format", MSA, words(2, undefined, "name text ..."), mapped("applications.NAME.accessLog.format"), {
    repeats: true,
  }),
];
