import type { Naru } from "../support/naru.ts";
import { sleep } from "../support/process.ts";
import { SPARSE_SECONDS, type SurviveClip, surviveClip } from "./clips.ts";
import type { PlayerName } from "./players.ts";
import { type Stage, tagsOf } from "./stage.ts";

/** A low-latency CMAF stream, or one of MPEG-TS segments; both with a keyframe every two seconds. */
export const FORMATS = ["cmaf", "mpegts"] as const;
export type Format = (typeof FORMATS)[number];

export type Scenario = {
  readonly name: string;
  /** What happens, for the table. */
  readonly event: string;
  /** How old the stream is when the players come, in seconds, where that matters. */
  readonly ageSeconds?: number;
  /** Where it can be played; by default in all. */
  readonly formats?: readonly Format[];
  /** The viewers reach the server through a relay that lets them wait while it is down. */
  readonly relayed?: boolean;
  /** The server is restarted, so the scenario has one of its own. */
  readonly ownServer?: boolean;
  /** Players that cannot decode what comes: not judged. With the reason. */
  readonly cannot?: Partial<Record<PlayerName, string>>;
  /** Findings of `naru validate` that no server could avoid, with the reason. */
  readonly unavoidable?: Readonly<Record<string, string>>;
  /** Starts the encoder, waits until all play, does what the name says; returns when that has happened. */
  readonly run: (stage: Stage) => Promise<void>;
};

const HOUR_MS = 3_600_000;
const NOT_IN_CHROMIUM = "Debian's Chromium decodes no HEVC";
const NO_CHANGE_OF_CODEC = "does not change the codec of a SourceBuffer";
const KEEPS_FIRST_INIT = "FFmpeg 5.1 reads only the first initialization section";
const NOT_FOR_APPLE = { "hevc-outside-fmp4": "the application is set up to make MPEG-TS of all that comes" };
const RESETS_AT_EACH_SEGMENT =
  "Shaka Player 5.2 adds a millisecond to the offset of MPEG-TS, takes that for a change at the next segment, and resets the SourceBuffer";
const RESETS_BY_ROUNDING = "the same millisecond in CMAF: whether it counts as a change is a matter of rounding";
/** The validator cannot see behind the relay that this is another server. */
const OLDER_THAN_WHAT_IS_KEPT = { "removed-too-early": "a server that was killed has left the latest segments only" };
/** Whoever asks in the third of a second in which nobody listens is refused. */
const REFUSED: Scenario["cannot"] = {
  shaka: "tells an error that it calls fatal when a segment was refused twice, and plays on",
  ffmpeg: "FFmpeg 5.1 ends when a playlist was refused once",
  gstreamer: "GStreamer 1.22 may hang in its error path",
};
const NO_OTHER_PARSER = "hlsdemux2 of GStreamer 1.22 ends with an internal data stream error";

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "steady",
    event: "nothing happens",
    run: async (stage) => {
      await stage.ffmpeg("usual");
      await stage.playing;
    },
  },
  {
    name: "first-viewer",
    event: "the players come with the first playlist",
    ageSeconds: 0,
    run: async (stage) => {
      await stage.ffmpeg("usual");
      await stage.playing;
    },
  },
  {
    name: "killed-1s",
    event: "ffmpeg killed, back after 1 s",
    run: (stage) => killAndReturn(stage, 1000, "usual"),
  },
  {
    name: "killed-20s",
    event: "ffmpeg killed, back after 20 s",
    run: (stage) => killAndReturn(stage, 20_000, "usual"),
  },
  ...FORMATS.map((format) => ({
    name: "other-size",
    event: "ffmpeg killed, back with another resolution, profile and sample rate",
    formats: [format],
    ...(format === "cmaf" && { cannot: { shaka: RESETS_BY_ROUNDING } }),
    run: (stage: Stage) => killAndReturn(stage, 1000, "other"),
  })),
  ...FORMATS.map((format) => ({
    name: "to-hevc",
    event: "H.264 killed, back with HEVC",
    formats: [format],
    cannot: {
      "hls.js": NOT_IN_CHROMIUM,
      chromium: NOT_IN_CHROMIUM,
      shaka: NOT_IN_CHROMIUM,
      ffmpeg: KEEPS_FIRST_INIT,
      gstreamer: NO_OTHER_PARSER,
    },
    ...(format === "mpegts" && { unavoidable: NOT_FOR_APPLE }),
    run: (stage: Stage) => killAndReturn(stage, 1000, "hevc"),
  })),
  {
    name: "to-av1",
    event: "H.264 killed, back with AV1",
    formats: ["cmaf"],
    cannot: {
      chromium: NO_CHANGE_OF_CODEC,
      shaka: NO_CHANGE_OF_CODEC,
      ffmpeg: KEEPS_FIRST_INIT,
      gstreamer: NO_OTHER_PARSER,
    },
    run: (stage) => killAndReturn(stage, 1000, "av1"),
  },
  {
    name: "jump-forward",
    event: "timestamps jump an hour ahead",
    run: (stage) => jump(stage, 0, HOUR_MS),
  },
  {
    name: "jump-back",
    event: "timestamps jump an hour back",
    run: (stage) => jump(stage, 2 * HOUR_MS, -HOUR_MS),
  },
  {
    name: "wrap",
    event: "timestamps cross 2^32 ms",
    run: async (stage) => {
      const encoder = await stage.scripted("usual", 2 ** 32 - 40_000);
      await stage.playing;
      await sleep(4000);
      if (encoder.stamp >= 2 ** 32) throw new Error("the players began to play after the wrap");
      await sleep(2 ** 32 - encoder.stamp);
    },
  },
  ...FORMATS.map((format) => ({
    name: "no-keyframe",
    event: `no keyframe for ${SPARSE_SECONDS} s`,
    formats: [format],
    ...(format === "mpegts" && { cannot: { shaka: RESETS_AT_EACH_SEGMENT } }),
    run: noKeyframe,
  })),
  {
    name: "audio-stops",
    event: "the sound stops for 10 s, the picture goes on",
    run: async (stage) => {
      const encoder = await stage.scripted("usual");
      await stage.playing;
      encoder.audio = false;
      await sleep(10_000);
      encoder.audio = true;
    },
  },
  {
    name: "server-killed",
    event: "server killed by SIGKILL and started again; the encoder reconnects",
    ownServer: true,
    cannot: REFUSED,
    run: (stage) => restartServer(stage, (naru) => naru.restart("SIGKILL")),
  },
  {
    name: "server-killed-relayed",
    event: "the same behind a relay that lets connections wait",
    ownServer: true,
    unavoidable: OLDER_THAN_WHAT_IS_KEPT,
    relayed: true,
    run: (stage) => restartServer(stage, (naru) => naru.restart("SIGKILL")),
  },
  {
    name: "server-restarted",
    event: "server ended by SIGTERM and started again; the encoder reconnects",
    ownServer: true,
    cannot: REFUSED,
    run: (stage) => restartServer(stage, (naru) => naru.restart("SIGTERM")),
  },
];

async function killAndReturn(stage: Stage, awayMs: number, clip: SurviveClip): Promise<void> {
  await surviveClip(clip);
  const first = await stage.ffmpeg("usual");
  await stage.playing;
  await first.stop("SIGKILL");
  stage.away();
  await sleep(awayMs);
  await stage.publish(clip);
  stage.back();
}

async function jump(stage: Stage, from: number, by: number): Promise<void> {
  const encoder = await stage.scripted("usual", from);
  await stage.playing;
  encoder.jump(by);
}

async function noKeyframe(stage: Stage): Promise<void> {
  const sparse = await tagsOf("sparse");
  const encoder = await stage.scripted("usual");
  await stage.playing;
  encoder.playNext(sparse);
  await sleep(SPARSE_SECONDS * 1000);
}

async function restartServer(stage: Stage, restart: (naru: Naru) => Promise<void>): Promise<void> {
  const first = await stage.scripted("usual");
  await stage.playing;
  const again = first.ended.then(() => stage.scriptedAgain("usual"));
  await restart(stage.naru);
  const second = await again;
  stage.away(first.lastSentAt);
  stage.back(second.beganAt);
}
