/** Every text the pages show, so that they can be translated in one place. The documents say `lang="en"`. */
export const strings = {
  starting: "Starting",
  live: "Live",
  waiting: "Waiting for the encoder",
  ended: "Ended",
  nothingLive: "Nothing is live right now",
  nothingLiveHint: "Start an encoder, and its stream appears here by itself.",
  countLive: (count: number) => (count === 1 ? "1 stream is live" : `${count} streams are live`),
  viewers: (count: number) => (count === 1 ? "1 viewer" : `${count} viewers`),
  started: (duration: string) => `started ${duration} ago`,
  backupOnAir: "backup encoder on air",
  backupReady: "backup encoder ready",
  keyframes: (seconds: string) => `keyframe every ${seconds} s`,
  noPicture: "No picture",
  pictureOf: (name: string) => `Latest picture of ${name}`,
  watch: "Watch",
  watchNamed: (name: string) => `Watch ${name}`,
  copyPage: "Copy page URL",
  copyPlaylist: "Copy playlist URL",
  copyPageShort: "Copy page",
  copyPlaylistShort: "Copy playlist",
  copy: "Copy",
  copied: "Copied",
  copyFailed: "Select and copy by hand",
  unreachable: "The server does not answer. Trying again.",

  channels: (count: number) => ({ 1: "mono", 2: "stereo", 6: "5.1", 8: "7.1" })[count] ?? `${count} channels`,
  behind: (seconds: string) => `${seconds} s behind`,
  behindTitle: (target: string | undefined) =>
    `From the moment the server received a picture to the moment you see it.${
      target === undefined ? "" : ` Held at ${target} s behind the newest by playing a little faster when it grows.`
    }`,

  quality: "Quality",
  automatic: "Automatic",
  source: "as sent",
  audioTrack: "Sound",
  shown: (quality: string, why: string) => `Showing ${quality}: ${why}`,
  switched: {
    automatic: "automatic",
    chosen: "your choice",
    bandwidth: (bitrate: string) => `the network carries ${bitrate}`,
    buffer: (seconds: string) => `it came too slowly, ${seconds} s were left`,
    dropped: "this device missed pictures",
    failed: "the other could not be loaded",
  },
  rungState: { shed: "the server is busy", failed: "not available" },

  status: {
    connecting: { title: "Connecting", text: "" },
    "not-live": { title: "Not live yet", text: "This page starts by itself as soon as the encoder does." },
    starting: { title: "Starting", text: "" },
    playing: { title: "Live", text: "" },
    buffering: { title: "Catching up", text: "Waiting for more of the stream." },
    waiting: {
      title: "Waiting for the encoder",
      text: "The encoder went away. Playback goes on by itself when it returns.",
    },
    ended: { title: "The stream has ended", text: "If it starts again, so does this page." },
    unsupported: { title: "This browser cannot play the stream", text: "" },
    offline: { title: "The server does not answer", text: "Trying again by itself." },
  },
  cannotPlay: (codecs: string) =>
    `It is sent as ${codecs}. Another browser, or VLC with the playlist URL, may play it.`,
  tapForSound: "Tap for sound",
  tapToPlay: "Tap to play",
} as const;
