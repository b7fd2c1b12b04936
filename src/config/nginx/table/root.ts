import { type Context, type DirectiveSpec, directive, ignored, mapped, none, unsupported, words } from "../spec.ts";

const ROOT: readonly Context[] = ["root"];
const PROCESS = "about nginx's own processes";

const process = (name: string): DirectiveSpec => directive(name, ROOT, words(1), ignored(PROCESS), { repeats: true });

/** Directives of nginx itself outside `rtmp { }` and `http { }`. */
export const ROOT_DIRECTIVES: readonly DirectiveSpec[] = [
  directive("events", ROOT, none, ignored(PROCESS), { block: "events" }),
  directive("http", ROOT, none, mapped("http"), { block: "http" }),
  directive("stream", ROOT, none, unsupported("naru forwards no connections; keep nginx for it"), { block: "foreign" }),
  directive("mail", ROOT, none, unsupported("naru forwards no connections; keep nginx for it"), { block: "foreign" }),
  directive("google_perftools_profiles", ROOT, words(1), ignored(PROCESS)),
  directive("load_module", ROOT, words(1), ignored("what the module does is built in, or named where it is used"), {
    repeats: true,
  }),
  directive("user", ROOT, words(1, 2), unsupported("naru runs as the user who starts it")),
  directive("pid", ROOT, words(1, 1), ignored(PROCESS)),
  directive(
    "error_log",
    [...ROOT, "rtmp", "server", "application"],
    words(1, 2),
    ignored("naru logs to standard error"),
    {
      repeats: true,
    },
  ),
  ...[
    "daemon",
    "master_process",
    "worker_processes",
    "worker_cpu_affinity",
    "worker_priority",
    "worker_rlimit_core",
    "worker_rlimit_nofile",
    "worker_shutdown_timeout",
    "working_directory",
    "timer_resolution",
    "pcre_jit",
    "ssl_engine",
    "ssl_object_cache_inheritable",
    "thread_pool",
    "lock_file",
    "debug_points",
  ].map(process),
  directive("env", ROOT, words(1, 1), mapped("applications.NAME.run.env"), { repeats: true }),
  ...[
    "worker_connections",
    "multi_accept",
    "use",
    "accept_mutex",
    "accept_mutex_delay",
    "debug_connection",
    "worker_aio_requests",
    "devpoll_events",
    "devpoll_changes",
    "epoll_events",
    "kqueue_changes",
    "kqueue_events",
  ].map((name) => directive(name, ["events"], words(1), ignored(PROCESS), { repeats: true })),
];

/** Stands in any block. */
export const INCLUDE: DirectiveSpec = directive(
  "include",
  [],
  words(1, 1, "file or pattern"),
  mapped("what it includes"),
  {
    repeats: true,
  },
);
