import { formatDuration } from "../../units.ts";
import {
  type Context,
  type DirectiveSpec,
  directive,
  flag,
  ignored,
  mapped,
  oneOf,
  size,
  time,
  unsupported,
  url,
  when,
} from "../spec.ts";
import { parseNginxTime } from "../values.ts";

const MS: readonly Context[] = ["rtmp", "server"];
const MSA: readonly Context[] = [...MS, "application"];
const MSAR: readonly Context[] = [...MSA, "recorder"];

const ON_TARGETS = "applications.NAME.hooks.on*";

const callback = (name: string, contexts: readonly Context[], to: string): DirectiveSpec =>
  directive(name, contexts, url, mapped(to));
const hook = (name: string, key: string, contexts = MSA): DirectiveSpec =>
  callback(name, contexts, `applications.NAME.hooks.${key}`);

/** HTTP callbacks. */
export const NOTIFY_DIRECTIVES: readonly DirectiveSpec[] = [
  callback("on_connect", MS, "hooks.onConnect"),
  callback("on_disconnect", MS, "hooks.onDisconnect"),
  hook("on_publish", "onPublish"),
  hook("on_play", "onPlay"),
  hook("on_publish_done", "onPublishDone"),
  hook("on_play_done", "onPlayDone"),
  hook("on_done", "onDone"),
  hook("on_record_done", "onRecordDone", MSAR),
  hook("on_update", "onUpdate"),
  directive("notify_method", MSA, oneOf("get", "post"), mapped(`${ON_TARGETS}.method`)),
  directive(
    "notify_update_timeout",
    MSA,
    time,
    mapped("applications.NAME.hooks.updateEvery", ([value = ""], put) =>
      put(["hooks", "updateEvery"], formatDuration(Math.max(parseNginxTime(value) ?? 0, LEAST_UPDATE_MS))),
    ),
  ),
  directive(
    "notify_update_strict",
    MSA,
    flag,
    mapped("applications.NAME.hooks.updateStrict", ([value = ""], put) =>
      put(["hooks", "updateStrict"], value.toLowerCase() === "on"),
    ),
  ),
  directive("notify_relay_redirect", MSA, flag, mapped(`${ON_TARGETS}.hashRedirects`)),
  directive("netcall_timeout", MS, time, mapped(`${ON_TARGETS}.timeout`)),
  directive("netcall_buffer", MS, size, ignored("naru bounds what it reads of an answer by itself")),
];

/** Those that forks add. */
export const NOTIFY_FORK_DIRECTIVES: readonly DirectiveSpec[] = [
  directive("notify_no_resolve", MSA, flag, ignored("naru looks the address up at each call")),
  directive("on_playlist", MSA, url, unsupported("a playlist is known when its stream is: use on_publish")),
  hook("on_record_started", "onRecordStarted", MSAR),
  directive(
    "notify_send_redirect",
    MSA,
    flag,
    unsupported("naru relays what is redirected, and does not send clients elsewhere", when("off")),
  ),
];

/** The shortest time that naru takes. */
const LEAST_UPDATE_MS = 100;
