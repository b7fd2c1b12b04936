import { type Context, type DirectiveSpec, directive, flag, mapped, number, path, text } from "../spec.ts";

const MSA: readonly Context[] = ["rtmp", "server", "application"];

/** Encryption of segments. */
export const KEYS_DIRECTIVES: readonly DirectiveSpec[] = [
  directive("hls_keys", MSA, flag, mapped("applications.NAME.hls.keys")),
  directive("hls_key_path", MSA, path, mapped("applications.NAME.hls.keys.path")),
  directive("hls_key_url", MSA, text, mapped("applications.NAME.hls.keys.url")),
  directive("hls_fragments_per_key", MSA, number, mapped("applications.NAME.hls.keys.segments")),
];
