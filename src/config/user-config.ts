// Generated from the schema by scripts/generate.ts; a test fails when it is stale.
import type * as hooks from "../hooks/event.ts";
import type { HookTargets } from "../hooks/target.ts";
import type { LadderFunction } from "../transcode/config.ts";

/** A number of seconds, or text such as `"400ms"`, `"2s"`, `"1m30s"`. */
export type Duration = number | string;

/** Bytes, or text such as `"512k"`, `"10M"`. */
export type Size = number | string;

/** Bits per second, or text such as `"800k"`, `"2.5M"`. */
export type Bitrate = number | string;

/** A port such as `1935`, or an address such as `"127.0.0.1:1935"`, `"[::1]:1935"`. */
export type Listen = number | string;

/** By address; the first that matches counts; who matches none is let in. */
export type UserRule = {
  /** Lets in: an address, a network such as 10.0.0.0/8, or "all". */
  allow?: string;
  /** Keeps out; as allow. */
  deny?: string;
};

/** Changes of the path, as nginx's rewrite; those of `http` come before a location is looked for. */
export type UserRewrite = {
  /** Regular expression; paths that match it are rewritten. */
  pattern: string;
  /**
   * Upper and lower case count as the same.
   * @default false
   */
  ignoreCase?: boolean;
  /** The new path, or URL, with `$1`, `$uri`, `$args`, `$host` and the like in it. */
  to: string;
  /**
   * What comes then, as in nginx's rewrite: the next rule, another location, this location, 302 or 301.
   * @default "next"
   */
  after?: "next" | "last" | "break" | "redirect" | "permanent";
};

/** Directories served as files, as nginx's location blocks. */
export type UserLocation = {
  /**
   * URL prefix.
   * @default "/"
   */
  path?: string;
  /**
   * Only this path, and nothing below it.
   * @default false
   */
  exact?: boolean;
  /**
   * No pattern is tried where this prefix is the longest; nginx's `^~`.
   * @default false
   */
  final?: boolean;
  /** Regular expression that the path must match, too; the first that matches counts, before prefixes. */
  pattern?: string;
  /**
   * Upper and lower case count as the same to the pattern.
   * @default false
   */
  ignoreCase?: boolean;
  /**
   * For error pages and the like only: clients are answered 404.
   * @default false
   */
  internal?: boolean;
  /**
   * Files that a directory is answered with; the first that exists counts.
   * @default ["index.html"]
   */
  index?: string[];
  /**
   * Lists the files of directories that have no index.
   * @default false
   */
  autoindex?: boolean;
  /**
   * Files to answer with, the first that exists; the last is a path, or a status as `=404`. nginx's try_files.
   * @default []
   */
  tryFiles?: string[];
  /**
   * Pages shown instead of errors, as nginx's error_page.
   * @default []
   */
  errorPages?: UserErrorPage[];
  /**
   * Changes of the path, as nginx's rewrite; those of `http` come before a location is looked for.
   * @default []
   */
  rewrites?: UserRewrite[];
  /** Directory; the whole URL path is looked up below it. */
  root?: string;
  /** Directory that takes the place of the prefix. */
  alias?: string;
  /** Media type by file extension, without the dot; the built-in table when left out. */
  types?: Record<string, string>;
  /**
   * Media type of other extensions.
   * @default "text/plain"
   */
  defaultType?: string;
  /**
   * Response headers to add to answers that succeed.
   * @default []
   */
  headers?: [string, string][];
  /**
   * Response headers to add to every answer, errors included.
   * @default []
   */
  alwaysHeaders?: [string, string][];
  /** Answers with statistics instead of files, as nginx-rtmp's rtmp_stat. */
  stat?: {
    /**
     * How much of it, as nginx-rtmp's rtmp_stat.
     * @default ["all"]
     */
    show?: ("all" | "global" | "live" | "clients")[];
    /**
     * Style sheet that the XML names; none when empty.
     * @default ""
     */
    stylesheet?: string;
    /**
     * XML as nginx-rtmp's, or JSON as nginx-http-flv's.
     * @default "xml"
     */
    format?: "xml" | "json";
  };
  /** Answers orders instead of serving files, as nginx-rtmp's rtmp_control: which ones it takes. */
  control?: ("all" | "record" | "drop" | "redirect")[];
  /**
   * Answers with the stream that `?app=NAME&stream=KEY` names, as nginx-http-flv-module's flv_live.
   * @default false
   */
  flv?: boolean;
  /** Answers everything with this, as nginx's return. */
  answer?: {
    /** Status code. */
    status: number;
    /**
     * Body, of the location's `defaultType`.
     * @default ""
     */
    text?: string;
    /**
     * Where a redirect leads.
     * @default ""
     */
    location?: string;
  };
  /** Who is let in; as `http.access` says when left out. */
  access?: {
    /**
     * By address; the first that matches counts; who matches none is let in.
     * @default []
     */
    rules?: UserRule[];
    /** File of names and hashed passwords, as htpasswd writes it. */
    users?: string;
    /**
     * What the password is for, as browsers show it.
     * @default "naru"
     */
    realm?: string;
    /**
     * `any`: the address or the password is enough; `all`: both count.
     * @default "all"
     */
    satisfy?: "all" | "any";
  };
};

/** Pages shown instead of errors, as nginx's error_page. */
export type UserErrorPage = {
  /** Statuses that it is shown for. */
  status: number[];
  /** Its path, or a URL to redirect to. */
  page: string;
  /** Status to answer with: the first one when left out, that of the page when 0. */
  answer?: number;
};

/** Processes that are kept running with the server. */
export type UserBackground = {
  /** Program and arguments, without a shell. `$app`, `$name` and others are put in; `>file`, `2>>file`, `<file`, `2>&1` redirect. */
  command: string[];
  /** Its environment: `NAME` as the server has it, or `NAME=value`. All of the server's when left out. */
  env?: string[];
  /**
   * Start it again when it ends by itself.
   * @default true
   */
  respawn?: boolean;
  /**
   * How long after its end it is started again.
   * @default "5s"
   */
  respawnDelay?: Duration;
  /**
   * What ends it; five seconds later it is ended by force.
   * @default "SIGTERM"
   */
  killSignal?: "SIGHUP" | "SIGINT" | "SIGQUIT" | "SIGILL" | "SIGABRT" | "SIGFPE" | "SIGKILL" | "SIGSEGV" | "SIGPIPE" | "SIGALRM" | "SIGTERM" | "SIGUSR1" | "SIGUSR2" | "SIGCHLD" | "SIGCONT" | "SIGSTOP" | "SIGTSTP" | "SIGTTIN" | "SIGTTOU";
};

/** By the first part of the stream's path; `*` stands for any name not listed. */
export type UserApplication = {
  /**
   * Accept publishers.
   * @default true
   */
  live?: boolean;
  /**
   * What happens when a name that is live is published again.
   * @default "refuse"
   */
  secondPublisher?: "refuse" | "replace";
  /** A second encoder that waits and takes over. */
  backup?: {
    /**
     * Let a second encoder publish to `KEY?backup=1` and wait there until the first one stops.
     * @default true
     */
    enabled?: boolean;
    /** A key that ends so is a backup's, too: with `"_backup"`, `test_backup` is the backup of `test`. */
    suffix?: string;
    /**
     * The backup takes over when the first encoder sends no media for this long, or at once when it leaves.
     * @default "1s"
     */
    after?: Duration;
    /**
     * The first encoder gets the stream back when it has returned.
     * @default true
     */
    handBack?: boolean;
    /**
     * How long it must have sent media without a pause before it gets the stream back.
     * @default "10s"
     */
    handBackAfter?: Duration;
  };
  /**
   * Who may publish and play, by address. The first rule about an address decides.
   * @default []
   */
  access?: UserAccess[];
  /** How it is reached by RTMP and RTMPS. */
  rtmp?: {
    /** What encoders and players call it in their URL, if not as it is called here. */
    name?: string;
    /** Of rtmp.listen and rtmps.listen, the addresses by which it is reached; all when left out. */
    listen?: Listen | Listen[];
  };
  hls?: {
    /**
     * Make HLS of every stream of this application.
     * @default true
     */
    enabled?: boolean;
    /**
     * Segments as fragmented MP4 (all codecs, low latency), or MPEG-TS.
     * @default "cmaf"
     */
    format?: "cmaf" | "mpegts";
    /**
     * Low-Latency HLS: parts, blocking reload, preload hints. CMAF only.
     * @default true
     */
    lowLatency?: boolean;
    /**
     * Sound in a rendition of its own, beside those of video, also where there is one only. CMAF only.
     * @default false
     */
    separateAudio?: boolean;
    /**
     * Target duration of a part (PART-TARGET).
     * @default "400ms"
     */
    part?: Duration;
    /**
     * Target duration of a segment; it ends at the first keyframe after that.
     * @default "2s"
     */
    segment?: Duration;
    /**
     * A segment without keyframe is cut by force at this length.
     * @default "10s"
     */
    maxSegment?: Duration;
    /**
     * How much of the past the playlist lists.
     * @default "30s"
     */
    window?: Duration;
    /**
     * How long the playlist stays open for an encoder that went away.
     * @default "1m"
     */
    grace?: Duration;
    /**
     * Show the last picture, with silence, while the encoder is away or sends nothing.
     * @default true
     */
    standIn?: boolean;
    /**
     * Streams NAME + suffix are qualities of one stream, with a multivariant playlist at NAME.
     * @default []
     */
    variants?: UserVariant[];
    /** Directory to write playlist and segments to as well. MPEG-TS only. */
    path?: string;
    /**
     * In path: NAME/index.m3u8 and NAME/N.ts instead of NAME.m3u8 and NAME-N.ts.
     * @default false
     */
    nested?: boolean;
    /**
     * In path: prefix of segment names in the playlist.
     * @default ""
     */
    baseUrl?: string;
    /**
     * In path: what segments are numbered by: one by one, the stream's time in 1/90,000 s, or the clock in ms.
     * @default "sequential"
     */
    naming?: "sequential" | "timestamp" | "system";
    /**
     * In path: numbers by time are rounded down to a multiple of this; 0 leaves them.
     * @default 0
     */
    namingGranularity?: number;
    /**
     * MPEG-TS: a segment ends at the first keyframe `segment` after its start, or behind the next multiple of `segment` in the stream's time, so that streams of one encoder are cut alike.
     * @default "plain"
     */
    slicing?: "plain" | "aligned";
    /**
     * In path: a playlist of type EVENT, as long as window has room for all of it.
     * @default false
     */
    event?: boolean;
    /** In path: segments are encrypted (AES-128), and what is not encrypted is not served by HTTP. */
    keys?: {
      /** Directory of the keys; `path` of the segments when left out. */
      path?: string;
      /**
       * Prefix of the keys' addresses in the playlist.
       * @default ""
       */
      url?: string;
      /**
       * A new key every so many segments; 0: one each time that the stream begins.
       * @default 0
       */
      segments?: number;
    };
    /**
     * In path: remove segments that left the playlist.
     * @default true
     */
    cleanup?: boolean;
    /**
     * In path: continue the sequence of a playlist found there.
     * @default true
     */
    continuous?: boolean;
    /**
     * MPEG-TS: how long audio frames are gathered into one PES.
     * @default "300ms"
     */
    maxAudioDelay?: Duration;
  };
  /** MPEG-DASH of each stream, at index.mpd. */
  dash?: boolean | UserDash;
  /** How players play by RTMP, HTTP-FLV and WebSocket-FLV. */
  play?: {
    /**
     * Let players play by RTMP, HTTP-FLV and WebSocket-FLV.
     * @default true
     */
    enabled?: boolean;
    /**
     * RTMP players may wait for a stream that nobody publishes; otherwise they are told so and closed.
     * @default true
     */
    waitForPublisher?: boolean;
    /**
     * Begin at once with what has come since the last keyframe; otherwise with the next one.
     * @default true
     */
    fromKeyframe?: boolean;
    /**
     * Send no video before a keyframe.
     * @default true
     */
    waitForKeyframe?: boolean;
    /**
     * Send no audio before the first picture.
     * @default false
     */
    waitForVideo?: boolean;
    /**
     * Times of an RTMP player begin near zero; otherwise they are the stream's.
     * @default true
     */
    timesFromZero?: boolean;
    /**
     * `on`: metadata made from the tracks; `copy`: the encoder's as it came; `off`: none.
     * @default "on"
     */
    metadata?: "on" | "copy" | "off";
    /**
     * Tell RTMP players when the encoder comes and goes (NetStream.Play.PublishNotify, UnpublishNotify).
     * @default false
     */
    publishNotify?: boolean;
    /**
     * Send NetStream.Play.Start and Stop whenever the encoder comes and goes, instead of once.
     * @default false
     */
    startOnPublish?: boolean;
    /**
     * Send audio and video in one chunk stream.
     * @default false
     */
    interleave?: boolean;
    /**
     * Media that may wait for a player that is too slow; beyond it, what waits is left out up to a keyframe.
     * @default "5s"
     */
    maxDelay?: Duration;
  };
  /** Files that are played by RTMP to who asks for a name that is not live. */
  files?: {
    /**
     * Directories, and http:// or https:// URLs of directories, in the order in which a file is looked for.
     * @default []
     */
    from?: string[];
    /**
     * How far ahead of its time a file is sent to players that do not say how much they keep.
     * @default "1s"
     */
    buffer?: Duration;
    /** Where files of other servers are while they are played; the system's own when left out. */
    temporaryDirectory?: string;
    /** Where files of other servers stay once they are complete; nowhere when left out. */
    keepDirectory?: string;
    /**
     * Largest file that is fetched from another server.
     * @default "4G"
     */
    maxFetch?: Size;
  };
  /**
   * Files that streams are recorded to, by a name for each recorder.
   * @default {}
   */
  record?: Record<string, UserRecord>;
  /** Functions, webhooks and programs that are asked or told what happens in the application. */
  hooks?: {
    /**
     * When somebody connects to this application. It is waited for, and may refuse, rename or redirect.
     * @default []
     */
    onConnect?: HookTargets<hooks.ConnectEvent>;
    /**
     * When somebody has left it.
     * @default []
     */
    onDisconnect?: HookTargets<hooks.DisconnectEvent>;
    /**
     * When somebody wants to publish. It is waited for, and may refuse, rename or redirect.
     * @default []
     */
    onPublish?: HookTargets<hooks.PublishEvent>;
    /**
     * When somebody wants to play by RTMP, HTTP-FLV or WebSocket-FLV. It is waited for, and may refuse, rename or redirect.
     * @default []
     */
    onPlay?: HookTargets<hooks.PlayEvent>;
    /**
     * When a publish has ended.
     * @default []
     */
    onPublishDone?: HookTargets<hooks.PublishDoneEvent>;
    /**
     * When a play has ended.
     * @default []
     */
    onPlayDone?: HookTargets<hooks.PlayDoneEvent>;
    /**
     * When either has ended.
     * @default []
     */
    onDone?: HookTargets<hooks.DoneEvent>;
    /**
     * Every `updateEvery`, for each that publishes or plays; who is refused is closed.
     * @default []
     */
    onUpdate?: HookTargets<hooks.UpdateEvent>;
    /**
     * When a file of a recording is begun.
     * @default []
     */
    onRecordStarted?: HookTargets<hooks.RecordStartedEvent>;
    /**
     * When a file of a recording is complete.
     * @default []
     */
    onRecordDone?: HookTargets<hooks.RecordDoneEvent>;
    /**
     * How often `onUpdate` is called.
     * @default "30s"
     */
    updateEvery?: Duration;
    /**
     * An `onUpdate` that fails, or answers anything but yes, closes the client, too.
     * @default false
     */
    updateStrict?: boolean;
  };
  /**
   * Files that get a line for each publish and play that has ended.
   * @default []
   */
  accessLog?: UserAccessLog[];
  /**
   * Processes that are kept running while a stream is published or played.
   * @default []
   */
  run?: UserRun[];
  /**
   * Other servers that every stream is sent on to, by RTMP or RTMPS.
   * @default []
   */
  push?: (string | { url: string; stream?: string; app?: string; name?: string; tcUrl?: string; pageUrl?: string; swfUrl?: string; flashVer?: string; reconnect?: Duration; insecure?: boolean; untilUnpublish?: boolean })[];
  /**
   * Other servers that streams are fetched from when somebody asks for them, or always.
   * @default []
   */
  pull?: (string | { url: string; stream?: string; app?: string; name?: string; tcUrl?: string; pageUrl?: string; swfUrl?: string; flashVer?: string; reconnect?: Duration; insecure?: boolean; always?: boolean; linger?: Duration; buffer?: Duration; live?: boolean; start?: number; stop?: number })[];
  /** Adaptive bitrate: each stream in several qualities. */
  abr?: boolean | UserAbr;
};

/** Who may publish and play, by address. The first rule about an address decides. */
export type UserAccess = {
  /** Lets in: an address, a network such as 10.0.0.0/8, or "all". */
  allow?: string;
  /** Keeps out; as allow. */
  deny?: string;
  /** Only about publishing, or playing; both when left out. */
  for?: "publish" | "play";
};

/** Streams NAME + suffix are qualities of one stream, with a multivariant playlist at NAME. */
export type UserVariant = {
  suffix: string;
  /**
   * In path: of its line in the playlist, as NAME=VALUE.
   * @default []
   */
  attributes?: string[];
};

/** MPEG-DASH of each stream, at index.mpd. */
export type UserDash = {
  /**
   * MPEG-DASH of every stream of this application, at `index.mpd`.
   * @default false
   */
  enabled?: boolean;
  /**
   * Target duration of a segment, where HLS is off or MPEG-TS; else the segments are those of HLS.
   * @default "2s"
   */
  segment?: Duration;
  /**
   * How much of the past the manifest lists, where HLS is off or MPEG-TS.
   * @default "30s"
   */
  window?: Duration;
  /**
   * Segments are given out while they are made, where HLS is CMAF of low latency and segments are even.
   * @default true
   */
  lowLatency?: boolean;
  /** Directory to write manifest and segments to as well. */
  path?: string;
  /**
   * In path: NAME/index.mpd and NAME/TIME.m4v instead of NAME.mpd and NAME-TIME.m4v.
   * @default false
   */
  nested?: boolean;
  /** In path: the clock that players are told to set theirs by (UTCTiming). */
  clock?: {
    /** What answers there. */
    kind: "ntp" | "http-head" | "http-iso";
    /** Address of the clock. */
    url: string;
  };
  /**
   * In path: remove segments that left the manifest.
   * @default true
   */
  cleanup?: boolean;
};

/** Files that streams are recorded to, by a name for each recorder. */
export type UserRecord = {
  /** Where the files go. It is made when it is not there. */
  directory: string;
  /**
   * Fragmented MP4, or FLV as nginx-rtmp writes.
   * @default "mp4"
   */
  format?: "mp4" | "flv";
  /**
   * What of the stream is recorded.
   * @default "all"
   */
  media?: "all" | "audio" | "video" | "keyframes";
  /**
   * Name of a file, without its ending: `{name}`, `{app}`, `{recorder}`, `{unix}` (seconds since 1970) and the codes of strftime, in local time. A `/` makes directories.
   * @default "{name}-%Y%m%d-%H%M%S"
   */
  file?: string;
  /** Of a file's name; `.mp4` or `.flv` when left out. */
  ending?: string;
  /**
   * A file of the same name is replaced; otherwise the new one gets a number.
   * @default false
   */
  overwrite?: boolean;
  /**
   * Record only from when it is asked for by the control interface until it is told to stop.
   * @default false
   */
  manual?: boolean;
  /**
   * Go on in the file of the same name, with times that go on too. Only with `format: flv`.
   * @default false
   */
  append?: boolean;
  /**
   * Tell the encoder when a file begins and ends (NetStream.Record.Start, Stop).
   * @default false
   */
  notify?: boolean;
  /** Begin a new file after so much media, at a keyframe. */
  pieceDuration?: Duration;
  /** Begin a new file after so many bytes, at a keyframe. */
  pieceSize?: Size;
  /** Stop recording a stream after so many bytes. */
  maxSize?: Size;
  /** Stop recording a stream after so many video frames. */
  maxFrames?: number;
};

/** Files that get a line for each publish and play that has ended. */
export type UserAccessLog = {
  /** Lines are added to its end. SIGUSR1 opens it anew, for logrotate. */
  file: string;
  /**
   * A line, with the variables of nginx-rtmp.
   * @default "$remote_addr [$time_local] $command \"$app\" \"$name\" \"$args\" - $bytes_received $bytes_sent \"$pageurl\" \"$flashver\" ($session_readable_time)"
   */
  format?: string;
};

/** Processes that are kept running while a stream is published or played. */
export type UserRun = {
  /** Program and arguments, without a shell. `$app`, `$name` and others are put in; `>file`, `2>>file`, `<file`, `2>&1` redirect. */
  command: string[];
  /** Its environment: `NAME` as the server has it, or `NAME=value`. All of the server's when left out. */
  env?: string[];
  /**
   * Start it again when it ends by itself.
   * @default true
   */
  respawn?: boolean;
  /**
   * How long after its end it is started again.
   * @default "5s"
   */
  respawnDelay?: Duration;
  /**
   * What ends it; five seconds later it is ended by force.
   * @default "SIGTERM"
   */
  killSignal?: "SIGHUP" | "SIGINT" | "SIGQUIT" | "SIGILL" | "SIGABRT" | "SIGFPE" | "SIGKILL" | "SIGSEGV" | "SIGPIPE" | "SIGALRM" | "SIGTERM" | "SIGUSR1" | "SIGUSR2" | "SIGCHLD" | "SIGCONT" | "SIGSTOP" | "SIGTSTP" | "SIGTTIN" | "SIGTTOU";
  /** While an encoder publishes the stream; or from its first player by RTMP or FLV to the last. */
  when: "published" | "played";
  /** Only for streams of these names. */
  streams?: string[];
};

/** Adaptive bitrate: each stream in several qualities. */
export type UserAbr = {
  /**
   * Offer each stream in further qualities, made from it here; `abr: true`, or any setting below, turns it on.
   * @default false
   */
  enabled?: boolean;
  /**
   * The qualities, or a function of the stream; derived from the source when empty.
   * @default []
   */
  rungs?: UserRung[] | LadderFunction;
  /**
   * Offer the sound alone, too.
   * @default false
   */
  audioOnly?: boolean;
  /**
   * Encode whether or not somebody watches.
   * @default false
   */
  always?: boolean;
  /**
   * How long a rung is encoded after its last viewer.
   * @default "30s"
   */
  linger?: Duration;
  /**
   * Encoders of the graphics card: whatever is found, none, or one kind. Software takes their place.
   * @default "auto"
   */
  hardware?: "auto" | "off" | "vaapi" | "nvenc" | "qsv" | "videotoolbox";
  /**
   * When the machine cannot keep up, rungs of applications with a lower one are given up first.
   * @default 0
   */
  priority?: number;
  /**
   * How far the encoders' processes stand back for the CPU.
   * @default 10
   */
  nice?: number;
  /**
   * Of each encoder; 0: as many as it likes.
   * @default 0
   */
  threads?: number;
  /**
   * A transcoding process that grows beyond it is started anew.
   * @default "2G"
   */
  maxMemory?: Size;
};

/** The qualities, or a function of the stream; derived from the source when empty. */
export type UserRung = {
  /** In URLs: `NAME.m3u8`. When left out: `720p` for a height of 720. */
  name?: string;
  /** Lines of the picture (of an upright one: its width). A rung above the source is left out. */
  height?: number;
  /** Instead of the height; of an upright picture its height. */
  width?: number;
  /**
   * What the picture is encoded with.
   * @default "h264"
   */
  codec?: "h264" | "hevc" | "av1";
  /** On average; made from size, frame rate and codec when left out. */
  bitrate?: Bitrate;
  /** Over a second; 1.25 times `bitrate` when left out. */
  maxBitrate?: Bitrate;
  /** Most frames per second: of the source's, every one, every second and so on is kept. When left out: 60 from 720 lines on, 30 below. */
  frameRate?: number;
  /** Of the encoder; for H.264 `veryfast` when left out. */
  preset?: string;
  /** Of the encoder, such as `film`, `animation`, `zerolatency`. */
  tune?: string;
  /** Of the encoder; for H.264 `high` when left out. */
  profile?: string;
  /** More of the encoder's own options, as `-x264-params` takes them: `bframes=2:rc-lookahead=20`. */
  options?: string;
  /** The sound of the rung. */
  audio?: {
    /**
     * `auto`: AAC of up to two channels passes as it is, anything else becomes AAC. `none`: no sound.
     * @default "auto"
     */
    codec?: "auto" | "aac" | "copy" | "none";
    /**
     * Of what is encoded.
     * @default "128k"
     */
    bitrate?: Bitrate;
    /**
     * At most so many, of what is encoded.
     * @default 2
     */
    channels?: number;
  };
};

/** What a configuration may hold; everything has a default. */
export type UserConfig = {
  /**
   * Least severe level that is printed.
   * @default "info"
   */
  log?: "debug" | "info" | "warn" | "error";
  /**
   * Keep which streams are live, and their latest media, in the state directory, to go on with after a restart.
   * @default true
   */
  state?: boolean;
  /** How encoders reach the server by RTMP. */
  rtmp?: {
    /**
     * Addresses that RTMP listens on; an empty list turns RTMP off.
     * @default [1935]
     */
    listen?: Listen | Listen[];
    /**
     * Chunk size the server announces, in bytes. FFmpeg adopts it for what it sends.
     * @default 60000
     */
    chunkSize?: number;
    /**
     * Window acknowledgement size sent to peers, in bytes.
     * @default 2500000
     */
    ackWindow?: number;
    /**
     * Largest RTMP message accepted; a larger one closes the connection.
     * @default "10M"
     */
    maxMessageSize?: Size;
    /**
     * Message streams one connection may create.
     * @default 32
     */
    maxStreams?: number;
    /**
     * RTMP connections at the same time.
     * @default 10000
     */
    maxConnections?: number;
    /**
     * Time from accept until a publish or play must have been asked for.
     * @default "10s"
     */
    handshakeTimeout?: Duration;
    /**
     * A peer that takes nothing of what it is sent for this long is closed; 0 lets it stay.
     * @default "1m"
     */
    sendTimeout?: Duration;
    /**
     * A publisher or player that sends nothing for this long, not even answers to pings, is closed.
     * @default "30s"
     */
    idleTimeout?: Duration;
    /**
     * A publisher that sends no media for this long is closed though it answers pings; 0 lets it stay.
     * @default "0ms"
     */
    mediaTimeout?: Duration;
    /**
     * How often a connection is pinged; 0 turns it off.
     * @default "10s"
     */
    pingInterval?: Duration;
  };
  /** How encoders reach the server by RTMP over TLS. */
  rtmps?: {
    /**
     * Addresses that RTMPS listens on; an empty list turns RTMPS off.
     * @default []
     */
    listen?: Listen | Listen[];
  };
  /** How viewers reach the server by HTTP. */
  http?: {
    /**
     * Addresses that HTTP listens on; an empty list turns HTTP off.
     * @default [8080]
     */
    listen?: Listen | Listen[];
    /**
     * Value of Access-Control-Allow-Origin on playlists and media.
     * @default "*"
     */
    cors?: string;
    /**
     * Serve the start page and the watch pages.
     * @default true
     */
    pages?: boolean;
    /** Threads that answer viewers, beside the one that takes streams in (Linux only); 0: that one answers, too. When left out: one fewer than there are cores, and none on one or two cores. */
    threads?: number;
    /**
     * A connection on which nothing moves for so long is dropped, unless its request is being held.
     * @default "1m"
     */
    idleTimeout?: Duration;
    /**
     * Requests that may wait for media at a time (blocking reloads); more are answered 503.
     * @default 20000
     */
    maxWaiting?: number;
    /**
     * Of the second half of those, from one address. Private and loopback addresses are not limited: a proxy has one of these.
     * @default 1000
     */
    maxWaitingPerAddress?: number;
    /** Who is let in, to everything that no location takes, and to locations that do not say. */
    access?: {
      /**
       * By address; the first that matches counts; who matches none is let in.
       * @default []
       */
      rules?: UserRule[];
      /** File of names and hashed passwords, as htpasswd writes it. */
      users?: string;
      /**
       * What the password is for, as browsers show it.
       * @default "naru"
       */
      realm?: string;
      /**
       * `any`: the address or the password is enough; `all`: both count.
       * @default "all"
       */
      satisfy?: "all" | "any";
    };
    /**
     * Changes of the path, as nginx's rewrite; those of `http` come before a location is looked for.
     * @default []
     */
    rewrites?: UserRewrite[];
    /**
     * Directories served as files, as nginx's location blocks.
     * @default []
     */
    locations?: UserLocation[];
  };
  /** How viewers reach the server by HTTPS. */
  https?: {
    /**
     * Addresses that HTTPS listens on, for HTTP/1.1 and HTTP/2; an empty list turns HTTPS off.
     * @default [8443]
     */
    listen?: Listen | Listen[];
    /**
     * Listen for HTTP/3 on the same ports, by UDP.
     * @default true
     */
    http3?: boolean;
    /**
     * Send those who come by HTTP to HTTPS.
     * @default false
     */
    redirect?: boolean;
  };
  /** Where the certificate of HTTPS and RTMPS comes from. */
  tls?: {
    /** PEM file of the certificate and its chain, read again when it changes. Without it, and without ACME, a self-signed one is made. */
    certificate?: string;
    /** PEM file of the certificate's private key; the file of the certificate when left out. */
    key?: string;
    /** Where certificates that were made or obtained are kept; `tls` in the state directory when left out. */
    directory?: string;
    /**
     * How often the files are looked at.
     * @default "5s"
     */
    checkEvery?: Duration;
    /** Certificates from an authority by ACME (RFC 8555), proven over HTTP on port 80. */
    acme?: {
      /**
       * Names to get a certificate for; to name one is to agree to the authority's terms of service. Empty turns ACME off.
       * @default []
       */
      domains?: string[];
      /** Where the authority writes to the operator. */
      email?: string;
      /**
       * URL of the authority's ACME directory.
       * @default "https://acme-v02.api.letsencrypt.org/directory"
       */
      directory?: string;
    };
  };
  /** Thumbnails and storyboards of live streams. */
  pictures?: {
    /**
     * Make thumbnails and storyboards of live streams while somebody asks. Needs the media library.
     * @default true
     */
    enabled?: boolean;
    /**
     * A picture that is not older than this is given again.
     * @default "5s"
     */
    interval?: Duration;
    /**
     * Width of a thumbnail in pixels, where its URL says none.
     * @default 480
     */
    width?: number;
    /**
     * Longer side of a picture in a storyboard, in pixels.
     * @default 160
     */
    tile?: number;
    /**
     * Pictures in a row of a storyboard.
     * @default 10
     */
    columns?: number;
    /**
     * Share of a CPU core that pictures may take in the long run, all streams together.
     * @default 0.1
     */
    cpu?: number;
  };
  /** Who may use the API at /api/; what the start page reads is for all. */
  api?: {
    /** Whoever sends it as a bearer token is let in, from any address. */
    token?: string;
    /**
     * Addresses and networks that are let in without a token. Behind a proxy on this machine: [].
     * @default ["127.0.0.0/8","::1"]
     */
    allow?: string[];
  };
  /** Functions, webhooks and programs that are asked or told when somebody connects. */
  hooks?: {
    /**
     * When somebody connects. It is waited for, and may refuse, rename or redirect.
     * @default []
     */
    onConnect?: HookTargets<hooks.ConnectEvent>;
    /**
     * When somebody has left.
     * @default []
     */
    onDisconnect?: HookTargets<hooks.DisconnectEvent>;
    /**
     * How long an answer is waited for.
     * @default "10s"
     */
    timeout?: Duration;
    /**
     * What a hook that decides stands for when it throws, does not answer in time or cannot be reached.
     * @default "deny"
     */
    onFailure?: "deny" | "allow";
  };
  /**
   * Processes that are kept running with the server.
   * @default []
   */
  background?: UserBackground[];
  /**
   * By the first part of the stream's path; `*` stands for any name not listed.
   * @default {"*":{}}
   */
  applications?: Record<string, UserApplication>;
};
