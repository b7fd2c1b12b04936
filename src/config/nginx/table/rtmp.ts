import type { ApplicationConfig } from "../../application.ts";
import { formatDuration, formatSize } from "../../units.ts";
import {
  type ArgsSpec,
  anyOf,
  type Context,
  type DirectiveSpec,
  directive,
  flag,
  ignored,
  mapped,
  none,
  number,
  type Outcome,
  oneOf,
  path,
  size,
  text,
  time,
  timeOrOff,
  unsupported,
  when,
  words,
} from "../spec.ts";
import { parseNginxSize, parseNginxTime } from "../values.ts";
import { ACCESS_DIRECTIVES } from "./access.ts";
import { DASH_DIRECTIVES, DASH_FORK_DIRECTIVES } from "./dash.ts";
import { EXEC_DIRECTIVES, EXEC_FORK_DIRECTIVES } from "./exec.ts";
import { KEYS_DIRECTIVES } from "./keys.ts";
import { LOG_DIRECTIVES } from "./log.ts";
import { NOTIFY_DIRECTIVES, NOTIFY_FORK_DIRECTIVES } from "./notify.ts";
import { OTHER_FORK_DIRECTIVES } from "./other-forks.ts";
import { RELAY_DIRECTIVES } from "./relay.ts";
import { VOD_DIRECTIVES } from "./vod.ts";

const S: readonly Context[] = ["server"];
const A: readonly Context[] = ["application"];
const MS: readonly Context[] = ["rtmp", "server"];
const MSA: readonly Context[] = [...MS, "application"];
const MSAR: readonly Context[] = [...MSA, "recorder"];

type HlsKey = keyof ApplicationConfig["hls"];

const isOn = (args: readonly string[]): boolean => args[0] === "on";
const hlsFlag = (key: HlsKey): Outcome =>
  mapped(`applications.NAME.hls.${key}`, (args, put) => put(["hls", key], isOn(args)));
const hlsTime = (key: HlsKey): Outcome =>
  mapped(`applications.NAME.hls.${key}`, ([value = ""], put) => put(["hls", key], duration(value)));
const hlsText = (key: HlsKey): Outcome =>
  mapped(`applications.NAME.hls.${key}`, ([value = ""], put) => put(["hls", key], value));

const playFlag = (key: keyof ApplicationConfig["play"]): Outcome =>
  mapped(`applications.NAME.play.${key}`, (args, put) => put(["play", key], isOn(args)));

const duration = (value: string): string => formatDuration(parseNginxTime(value) ?? 0);
const within = (value: string | number, min: number, max: number): number =>
  Math.min(Math.max(Number(value), min), max);

/** Values that naru limits more narrowly than nginx are brought into its limits. */
const rtmpNumber = (key: string, min: number, max: number): Outcome =>
  mapped(`rtmp.${key}`, ([value = ""], put) => put(["rtmp", key], within(value, min, max)));

const EXACT = "naru sends players exact times, which never part";
const TIMELINE = "naru repairs the times of every stream by itself";
const QUEUES = "naru bounds every queue by itself";

const recording = (name: string, args: ArgsSpec, key: string): DirectiveSpec =>
  directive(name, MSAR, args, mapped(`applications.NAME.record.${key}`));

/** Directives of arut/nginx-rtmp-module inside `rtmp { }`. Defaults that differ from naru's are set by the translation. */
export const RTMP_DIRECTIVES: readonly DirectiveSpec[] = [
  // Blocks and core
  directive("rtmp", ["root"], none, mapped("rtmp, applications"), { block: "rtmp" }),
  directive("server", ["rtmp"], none, mapped("rtmp"), { block: "server", repeats: true }),
  directive("listen", S, words(1, 2, "address [option]"), mapped("rtmp.listen"), { repeats: true }),
  directive("application", S, text, mapped("applications.NAME"), { block: "application", repeats: true }),
  directive("so_keepalive", MS, flag, ignored("naru finds dead connections by its own pings")),
  directive(
    "timeout",
    MS,
    time,
    mapped("rtmp.sendTimeout", ([value = ""], put) => put(["rtmp", "sendTimeout"], duration(value))),
  ),
  directive(
    "ping",
    MS,
    time,
    mapped("rtmp.pingInterval", ([value = ""], put) => put(["rtmp", "pingInterval"], duration(value))),
  ),
  directive("ping_timeout", MS, time, mapped("rtmp.idleTimeout")),
  directive("max_streams", MS, number, rtmpNumber("maxStreams", 1, 1024)),
  directive("ack_window", MS, number, rtmpNumber("ackWindow", 1024, 0x7fff_ffff)),
  // FFmpeg sends in chunks of the server's size, and each chunk by itself: nginx's 4096 costs both sides more than it need.
  directive("chunk_size", MS, number, rtmpNumber("chunkSize", 60_000, 65_536)),
  directive(
    "max_message",
    MS,
    size,
    mapped("rtmp.maxMessageSize", ([value = ""], put) =>
      put(["rtmp", "maxMessageSize"], formatSize(within(parseNginxSize(value) ?? 0, 4096, 64 * 1024 ** 2))),
    ),
  ),
  directive("out_queue", MS, size, ignored(QUEUES)),
  directive("out_cork", MS, size, ignored(QUEUES)),
  directive("busy", MS, flag, ignored("a connection without input is closed after rtmp.idleTimeout")),
  directive("play_time_fix", MSA, flag, playFlag("timesFromZero")),
  directive("publish_time_fix", MSA, flag, ignored(TIMELINE)),

  // Access
  ...ACCESS_DIRECTIVES,

  // Live
  directive(
    "live",
    MSA,
    flag,
    mapped("applications.NAME.live", (args, put) => put(["live"], isOn(args))),
  ),
  directive("stream_buckets", MSA, number, ignored("naru's table of streams grows by itself")),
  directive("buffer", MSA, words(1, 1, "time"), ignored("naru sends at once, and players buffer by themselves")),
  directive("sync", MSA, timeOrOff, ignored(EXACT)),
  directive("interleave", MSA, flag, playFlag("interleave")),
  directive("wait_key", MSA, flag, playFlag("waitForKeyframe")),
  directive("wait_video", MSA, flag, playFlag("waitForVideo")),
  directive("publish_notify", MSA, flag, playFlag("publishNotify")),
  directive("play_restart", MSA, flag, playFlag("startOnPublish")),
  directive("idle_streams", MSA, flag, playFlag("waitForPublisher")),
  directive("drop_idle_publisher", MSA, timeOrOff, mapped("rtmp.mediaTimeout")),
  directive(
    "meta",
    MSA,
    oneOf("on", "copy", "off"),
    mapped("applications.NAME.play.metadata", ([value = ""], put) => put(["play", "metadata"], value)),
  ),
  directive("max_connections", MSA, number, rtmpNumber("maxConnections", 1, Number.MAX_SAFE_INTEGER)),

  // HLS
  directive("hls", MSA, flag, mapped("applications.NAME.hls.enabled")),
  directive("hls_path", MSA, path, hlsText("path")),
  directive("hls_fragment", MSA, time, hlsTime("segment")),
  directive("hls_max_fragment", MSA, time, hlsTime("maxSegment")),
  directive("hls_playlist_length", MSA, time, hlsTime("window")),
  directive("hls_muxdelay", MSA, time, ignored("has no effect in nginx-rtmp either")),
  directive("hls_sync", MSA, time, ignored(TIMELINE)),
  directive("hls_continuous", MSA, flag, hlsFlag("continuous")),
  directive("hls_nested", MSA, flag, hlsFlag("nested")),
  directive("hls_base_url", MSA, text, hlsText("baseUrl")),
  directive("hls_cleanup", MSA, flag, hlsFlag("cleanup")),
  directive("hls_fragment_naming", MSA, oneOf("sequential", "timestamp", "system"), hlsText("naming")),
  directive(
    "hls_fragment_naming_granularity",
    MSA,
    number,
    mapped("applications.NAME.hls.namingGranularity", ([value = ""], put) =>
      put(["hls", "namingGranularity"], Number(value)),
    ),
  ),
  directive("hls_fragment_slicing", MSA, oneOf("plain", "aligned"), hlsText("slicing")),
  directive(
    "hls_type",
    MSA,
    oneOf("live", "event"),
    mapped("applications.NAME.hls.event", ([value], put) => put(["hls", "event"], value === "event")),
  ),
  directive("hls_max_audio_delay", MSA, time, hlsTime("maxAudioDelay")),
  directive("hls_audio_buffer_size", MSA, size, ignored("naru bounds this buffer by itself")),
  directive(
    "hls_variant",
    MSA,
    words(1, undefined, "suffix [attribute ...]"),
    mapped("applications.NAME.hls.variants"),
    {
      repeats: true,
    },
  ),
  ...KEYS_DIRECTIVES,

  // MPEG-DASH
  ...DASH_DIRECTIVES,

  // Recording
  directive(
    "record",
    MSAR,
    anyOf("off", "all", "audio", "video", "keyframes", "manual"),
    mapped("applications.NAME.record"),
  ),
  recording("record_path", path, "directory"),
  recording("record_suffix", text, "file"),
  recording("record_unique", flag, "file"),
  recording("record_append", flag, "append"),
  directive(
    "record_lock",
    MSAR,
    flag,
    ignored("nothing else writes to the files of naru, and on_record_done says when one is complete"),
  ),
  recording("record_max_size", size, "maxSize"),
  recording("record_max_frames", size, "maxFrames"),
  recording("record_interval", time, "pieceDuration"),
  recording("record_notify", flag, "notify"),
  directive("recorder", A, text, mapped("applications.NAME.record.NAME"), { block: "recorder", repeats: true }),

  // Video on demand by RTMP
  ...VOD_DIRECTIVES,

  ...RELAY_DIRECTIVES,

  // HTTP callbacks
  ...NOTIFY_DIRECTIVES,

  // Processes
  ...EXEC_DIRECTIVES,

  // Log
  ...LOG_DIRECTIVES,
];

/** Directives that the forks winshining/nginx-http-flv-module and sergey-dryabzhinsky/nginx-rtmp-module add. */
export const FORK_DIRECTIVES: readonly DirectiveSpec[] = [
  directive("gop_cache", MSA, flag, playFlag("fromKeyframe")),
  directive("gop_max_frame_count", MSA, number, ignored("what is kept since the last keyframe is bounded in bytes")),
  directive("gop_max_video_count", MSA, number, ignored("what is kept since the last keyframe is bounded in bytes")),
  directive("gop_max_audio_count", MSA, number, ignored("what is kept since the last keyframe is bounded in bytes")),
  directive("server_name", S, words(1), ignored("naru has one RTMP server for all names")),
  directive("resolver", MS, words(1), ignored("naru resolves names by the system")),
  directive("resolver_timeout", MS, time, ignored("naru resolves names by the system")),
  ...NOTIFY_FORK_DIRECTIVES,
  ...OTHER_FORK_DIRECTIVES,
  directive("hls_dir_access", MSA, words(1), unsupported("directories get the rights that the umask leaves")),
  directive(
    "hls_nested_index_filename",
    MSA,
    text,
    unsupported("nested playlists are named index.m3u8", when("index")),
  ),
  directive("log_interval", MSA, time, ignored("naru logs a session when it opens and when it ends")),
  directive("log_size", MSA, size, ignored("naru logs a session when it opens and when it ends")),
  directive("merge_slashes", MS, flag, ignored("naru refuses stream names with empty parts")),
  directive("connection_pool_size", MS, size, ignored("about nginx's own memory")),
  directive("send_lowat", MS, size, ignored("about nginx's own sockets")),
  directive("send_timeout", MS, time, ignored("a peer that does not read is closed when its bounded queue is full")),
  directive("tcp_nodelay", MS, flag, ignored("naru sends at once in any case")),
  directive("tcp_nopush", MS, flag, ignored("about nginx's own sockets")),
  directive(
    "hls_allow_client_cache",
    MSA,
    oneOf("enabled", "disabled"),
    ignored("EXT-X-ALLOW-CACHE was removed from the standard"),
  ),
  directive(
    "hls_datetime",
    MSA,
    words(1, 1, "off | system | timestamp"),
    ignored("naru writes the date and time of every segment"),
  ),
  ...EXEC_FORK_DIRECTIVES,
  recording("record_interval_size", size, "pieceSize"),
  ...DASH_FORK_DIRECTIVES,
];
