import { type Context, type DirectiveSpec, directive, flag, mapped, text, time, words } from "../spec.ts";

const MSA: readonly Context[] = ["rtmp", "server", "application"];
const MSAR: readonly Context[] = [...MSA, "recorder"];

const exec = (name: string, to: string, contexts: readonly Context[] = MSA): DirectiveSpec =>
  directive(name, contexts, words(1, undefined, "command [argument ...]"), mapped(to), { repeats: true });

/** Processes of other programs. */
export const EXEC_DIRECTIVES: readonly DirectiveSpec[] = [
  exec("exec_push", "applications.NAME.run"),
  exec("exec", "applications.NAME.run"),
  exec("exec_pull", "applications.NAME.run"),
  exec("exec_static", "background"),
  exec("exec_publish", "applications.NAME.hooks.onPublish"),
  exec("exec_publish_done", "applications.NAME.hooks.onPublishDone"),
  exec("exec_play", "applications.NAME.hooks.onPlay"),
  exec("exec_play_done", "applications.NAME.hooks.onPlayDone"),
  exec("exec_record_done", "applications.NAME.hooks.onRecordDone", MSAR),
  directive("exec_options", MSA, flag, mapped("applications.NAME.run.streams")),
  directive("exec_kill_signal", MSA, text, mapped("applications.NAME.run.killSignal")),
  directive("respawn", MSA, flag, mapped("applications.NAME.run.respawn")),
  directive("respawn_timeout", MSA, time, mapped("applications.NAME.run.respawnDelay")),
];

/** Of sergey-dryabzhinsky's fork. */
export const EXEC_FORK_DIRECTIVES: readonly DirectiveSpec[] = [
  exec("exec_record_started", "applications.NAME.hooks.onRecordStarted", MSAR),
];
