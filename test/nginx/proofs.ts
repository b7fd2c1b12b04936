/** A test file, and words of it that name the test, or the line of a configuration that it runs with. */
export type Proof = readonly [file: string, words: string];

const HLS: Proof = ["test/nginx/hls.test.ts", "have the same names, and playlists say the same"];
const SCRIPT: Proof = ["test/nginx/script.test.ts", "has the same outcome, calls, files and lines"];
const ACCESS: Proof = ["test/interop/access.test.ts", "is as with nginx-rtmp"];
const CALLBACKS: Proof = ["test/interop/hooks.test.ts", "are called as nginx-rtmp calls them"];
const EXEC: Proof = ["test/interop/exec.test.ts", "are those of nginx-rtmp"];
const KEPT: Proof = ["src/exec/kept-processes.test.ts", "is started again after the delay"];
const CONTROL: Proof = ["test/interop/control.test.ts", "are nginx-rtmp's: the same script"];
const RELAY: Proof = ["test/interop/relay.test.ts", "push to a real nginx-rtmp"];
const FILES: Proof = ["test/interop/nginx-conf.test.ts", "serves its URL with its headers"];
const DASH: Proof = ["test/interop/dash.test.ts", "FFmpeg plays what lies in the directory"];
const VOD: Proof = ["test/interop/vod.test.ts", "as nginx-rtmp plays it"];
const KEYS: Proof = ["test/interop/hls-keys.test.ts", "#EXT-X-KEY:METHOD=AES-128"];

/** For each directive that is mapped, the test of its behaviour. Those of `http` that `rtmp` has, too, stand behind `http `. */
export const PROOFS: Readonly<Record<string, Proof>> = {
  rtmp: SCRIPT,
  server: ACCESS,
  listen: ACCESS,
  application: SCRIPT,
  max_message: ["src/protocols/rtmp/chunk-reader.test.ts", "const LIMITS = { maxMessageSize: 1 << 20 }"],
  timeout: ["src/gateways/rtmp/server.test.ts", "one that never reads is closed"],
  ping: ["src/protocols/rtmp/server-session.test.ts", "the client is pinged, and not closed for its silence"],
  ping_timeout: ["src/protocols/rtmp/server-session.test.ts", "that answers no ping ends"],
  drop_idle_publisher: ["src/protocols/rtmp/server-session.test.ts", "mediaTimeout: 5_000"],
  max_streams: ["src/protocols/rtmp/server-session.test.ts", "streams on one connection have a limit"],
  ack_window: ["src/protocols/rtmp/server-session.test.ts", "is answered with window, bandwidth and chunk size first"],
  chunk_size: ["src/protocols/rtmp/server-session.test.ts", "is answered with window, bandwidth and chunk size first"],
  max_connections: ["src/gateways/rtmp/server.test.ts", "connections have a limit"],
  allow: ACCESS,
  deny: ACCESS,
  live: SCRIPT,
  idle_streams: SCRIPT,
  publish_notify: ["src/gateways/rtmp/play.test.ts", "tells of the encoder where it shall"],
  play_restart: ["src/gateways/rtmp/play.test.ts", "startOnPublish: true"],
  interleave: ["src/play/player.test.ts", "new Bench({ interleave: true })"],
  wait_key: ["src/play/player.test.ts", "gets sound at once and pictures from the next keyframe"],
  wait_video: ["src/play/player.test.ts", "waitForVideo: true"],
  meta: ["src/play/player.test.ts", "metadata"],
  gop_cache: ["src/play/player.test.ts", "begins at once with what has come since the last keyframe"],

  hls: HLS,
  hls_path: HLS,
  hls_fragment: HLS,
  hls_playlist_length: HLS,
  hls_nested: HLS,
  hls_base_url: HLS,
  hls_variant: HLS,
  hls_fragment_naming: HLS,
  hls_fragment_naming_granularity: HLS,
  hls_type: HLS,
  hls_max_fragment: ["src/hls/ts-packager.test.ts", "a pause that would make the segment longer than the limit"],
  hls_max_audio_delay: ["src/formats/mpegts/muxer.test.ts", "maxAudioDelay: 300"],
  hls_continuous: ["src/gateways/files/hls-writer.test.ts", "continue after a restart, with a discontinuity"],
  hls_cleanup: ["src/gateways/files/hls-writer.test.ts", "go: segments after two windows"],
  hls_keys: KEYS,
  hls_key_path: KEYS,
  hls_key_url: KEYS,
  hls_fragments_per_key: KEYS,

  dash: DASH,
  dash_path: DASH,
  dash_fragment: DASH,
  dash_playlist_length: DASH,
  dash_nested: DASH,

  record: SCRIPT,
  record_path: SCRIPT,
  record_suffix: SCRIPT,
  recorder: SCRIPT,
  record_max_size: ["src/record/recorder.test.ts", "maxSize: 2000"],
  record_max_frames: ["src/record/recorder.test.ts", "maxFrames: 60"],
  record_interval: ["src/record/recorder.test.ts", "pieceDuration: 4"],
  record_append: ["src/record/recorder.test.ts", "that goes on in a file writes no second head"],

  play: VOD,

  notify_relay_redirect: ["src/hooks/webhook.test.ts", "may be called by the MD5 of its address"],
  on_record_started: ["src/app/hooks.test.ts", "record_started"],
  pull: RELAY,
  push: RELAY,

  on_connect: SCRIPT,
  on_disconnect: SCRIPT,
  on_publish: SCRIPT,
  on_play: SCRIPT,
  on_publish_done: SCRIPT,
  on_play_done: SCRIPT,
  on_done: SCRIPT,
  on_record_done: SCRIPT,
  on_update: SCRIPT,
  notify_update_timeout: SCRIPT,
  notify_method: CALLBACKS,

  exec_play: SCRIPT,
  exec_play_done: SCRIPT,
  exec_publish: SCRIPT,
  exec_publish_done: SCRIPT,
  exec_record_done: SCRIPT,
  exec_push: EXEC,
  exec: EXEC,
  exec_pull: ["src/exec/kept-processes.test.ts", "while a stream is played: from the first player to the last"],
  exec_static: ["src/exec/kept-processes.test.ts", "it runs without variables"],
  exec_options: ["src/exec/kept-processes.test.ts", "nor do other streams where names are given"],
  exec_kill_signal: ["src/exec/kept-processes.test.ts", "one that does not end when asked"],
  respawn: ["src/exec/kept-processes.test.ts", "stays away without respawn"],
  respawn_timeout: KEPT,

  access_log: SCRIPT,
  log_format: SCRIPT,

  http: SCRIPT,
  "http server": SCRIPT,
  "http listen": SCRIPT,
  location: SCRIPT,
  root: FILES,
  types: FILES,
  add_header: FILES,
  alias: ["src/gateways/http/static-files.test.ts", "alias takes its place"],
  default_type: ["src/gateways/http/static-files.test.ts", "leaves every file the default type"],
  "http allow": CONTROL,
  "http deny": CONTROL,
  satisfy: CONTROL,
  auth_basic: CONTROL,
  auth_basic_user_file: CONTROL,
  rtmp_stat: CONTROL,
  rtmp_stat_stylesheet: CONTROL,
  rtmp_control: CONTROL,
  ssl_certificate: ["src/gateways/http/tls-listener.test.ts", "shows its certificate"],
  ssl_certificate_key: ["src/gateways/http/tls-listener.test.ts", "shows its certificate"],
  include: ["src/config/nginx/include.test.ts", "include"],
};

/** Mapped, and tested only as far as the setting that it becomes: what it does then has no test that names it. */
export const NOT_PROVEN: readonly string[] = [
  "buflen",
  "dash_cleanup",
  "dash_clock_compensation",
  "dash_clock_helper_uri",
  "env",
  "exec_record_started",
  "expires",
  "flv_live",
  "netcall_timeout",
  "notify_update_strict",
  "play_local_path",
  "play_temp_path",
  "play_time_fix",
  "pull_reconnect",
  "push_reconnect",
  "record_interval_size",
  "record_notify",
  "record_unique",
  "relay_buffer",
  "rtmp_stat_format",
  "session_relay",
];
