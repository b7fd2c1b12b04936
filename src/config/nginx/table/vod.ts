import { type Context, type DirectiveSpec, directive, mapped, path, time, words } from "../spec.ts";

const MS: readonly Context[] = ["rtmp", "server"];
const MSA: readonly Context[] = [...MS, "application"];

/** Directives of the play module: files by RTMP. */
export const VOD_DIRECTIVES: readonly DirectiveSpec[] = [
  directive("play", MSA, words(1, undefined, "directory | url ..."), mapped("applications.NAME.files.from"), {
    repeats: true,
  }),
  directive("play_temp_path", MSA, path, mapped("applications.NAME.files.temporaryDirectory")),
  directive("play_local_path", MSA, path, mapped("applications.NAME.files.keepDirectory")),
  directive("buflen", MS, time, mapped("applications.NAME.files.buffer")),
];
