import { type Context, type DirectiveSpec, directive, flag, ignored, mapped, time, words } from "../spec.ts";

const MS: readonly Context[] = ["rtmp", "server"];
const MSA: readonly Context[] = [...MS, "application"];

const target = words(1, undefined, "url [key=value ...]");
const ONE_PROCESS = "naru is one process: every connection sees every stream";

/** Directives of the relay module. */
export const RELAY_DIRECTIVES: readonly DirectiveSpec[] = [
  directive("pull", ["application"], target, mapped("applications.NAME.pull"), { repeats: true }),
  directive("push", ["application"], target, mapped("applications.NAME.push"), { repeats: true }),
  directive("relay_buffer", MS, time, mapped("applications.NAME.pull[].buffer")),
  directive("push_reconnect", MSA, time, mapped("applications.NAME.push[].reconnect")),
  directive("pull_reconnect", MSA, time, mapped("applications.NAME.pull[].reconnect")),
  directive("session_relay", MSA, flag, mapped("applications.NAME.push[].untilUnpublish")),
  directive("rtmp_auto_push", ["root"], flag, ignored(ONE_PROCESS)),
  directive("rtmp_auto_push_reconnect", ["root"], time, ignored(ONE_PROCESS)),
  directive("rtmp_socket_dir", ["root"], words(1, 1, "path"), ignored(ONE_PROCESS)),
];
