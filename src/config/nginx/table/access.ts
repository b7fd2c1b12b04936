import { type Context, type DirectiveSpec, directive, mapped, rule } from "../spec.ts";

const MSA: readonly Context[] = ["rtmp", "server", "application"];

/** Who may publish and play, by address. */
export const ACCESS_DIRECTIVES: readonly DirectiveSpec[] = [
  directive("allow", MSA, rule, mapped("applications.NAME.access"), { repeats: true }),
  directive("deny", MSA, rule, mapped("applications.NAME.access"), { repeats: true }),
];
