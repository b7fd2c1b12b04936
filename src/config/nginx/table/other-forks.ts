import { type Context, type DirectiveSpec, directive, ignored, path, unsupported, words } from "../spec.ts";

const MSA: readonly Context[] = ["rtmp", "server", "application"];

/** What published files have from other forks. */
export const OTHER_FORK_DIRECTIVES: readonly DirectiveSpec[] = [
  directive(
    "dash_variant",
    MSA,
    words(1, undefined, "suffix [attribute ...]"),
    unsupported("each name has a manifest of its own; abr makes several qualities of a stream, in one manifest"),
    { repeats: true },
  ),
  directive("dash_repetition", MSA, words(1, 1), ignored("naru writes its timelines short in any case")),
  directive(
    "rtmp_relay_ssl_trusted_certificate",
    MSA,
    path,
    unsupported("naru trusts the authorities that the system trusts: add the certificate there"),
  ),
];
