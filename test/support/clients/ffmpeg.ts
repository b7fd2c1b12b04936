import { type RunningProcess, run, start } from "../process.ts";
import { Looks, lastCount, type WatchedPlayer } from "../watched-player.ts";

type PublishOptions = {
  /** Begins again at the end of the file, for ever. */
  readonly loop?: boolean;
  /** More output options. */
  readonly output?: readonly string[];
};

/** Publishes a file in real time without encoding it again. */
export function publishWithFfmpeg(file: string, url: string, options: PublishOptions = {}): RunningProcess {
  const input = [...(options.loop ? ["-stream_loop", "-1"] : []), "-re", "-i", file];
  const output = ["-c", "copy", ...(options.output ?? []), "-f", "flv", url];
  return start("ffmpeg", ["-hide_banner", "-v", "warning", "-nostdin", ...input, ...output]);
}

/** Reads and decodes a URL in real time until the scope ends. It shows nothing: a picture counts when it is decoded. */
export function watchWithFfmpeg(url: string): WatchedPlayer {
  const flags = ["-hide_banner", "-v", "warning", "-nostdin", "-progress", "pipe:1", "-stats_period", "0.1"];
  const ffmpeg = start("ffmpeg", [...flags, "-re", "-i", url, "-f", "null", "-"]);
  const looks = new Looks(() => lastCount(ffmpeg.output, "frame="));
  return {
    watched: async () => ({
      looks: looks.taken,
      failures: ffmpeg.exitCode === undefined ? [] : [`ended with exit code ${ffmpeg.exitCode}`],
      complaints: ffmpeg.output.split("\n").filter((line) => !NOT_OF_THE_STREAM.test(line) && !/^\w+=|^$/.test(line)),
    }),
    [Symbol.asyncDispose]: async () => {
      looks.stop();
      await ffmpeg.stop("SIGKILL");
    },
  };
}

/** A decoded picture, or a decoded frame of sound. */
export type DecodedFrame = {
  readonly kind: "video" | "audio";
  /** Seconds. */
  readonly pts: number;
  /** Of the decoded samples. */
  readonly hash: string;
};

export type Decoded = {
  readonly frames: readonly DecodedFrame[];
  /** What ffmpeg printed at the level of warnings and above. */
  readonly complaints: readonly string[];
};

/**
 * ffmpeg's HLS reader hands the initialization section to its MP4 reader again after each reload of a live playlist, also of
 * its own making; and what is repeated was said once.
 */
const NOT_OF_THE_STREAM = /Found duplicated MOOV Atom|Last message repeated/;

/** Plays a file or URL for some seconds of media, decoding all of it. */
export async function decodeWithFfmpeg(source: string, seconds: number): Promise<Decoded> {
  const output = await run(
    "ffmpeg",
    [
      ...["-hide_banner", "-v", "warning", "-nostdin", "-skip_estimate_duration_from_pts", "1", "-i", source],
      ...[
        "-t",
        String(seconds),
        "-map",
        "0:v?",
        "-map",
        "0:a?",
        "-fps_mode",
        "passthrough",
        "-enc_time_base:v",
        "1:90000",
      ],
      ...["-f", "framehash", "-hash", "md5", "-"],
    ],
    { timeoutMs: seconds * 1000 + 30_000 },
  );
  return parseFrameHashes(output);
}

function parseFrameHashes(output: string): Decoded {
  const kinds = new Map<string, "video" | "audio">();
  const ticks = new Map<string, number>();
  const frames: DecodedFrame[] = [];
  const complaints: string[] = [];
  for (const line of output.split("\n")) {
    const header = /^#(tb|media_type) (\d+): (.+)$/.exec(line);
    const frame = /^(\d+), +-?\d+, +(-?\d+), +\d+, +\d+, ([0-9a-f]{32})$/.exec(line);
    if (header) {
      const [, name, stream, value] = header as unknown as [string, string, string, string];
      if (name === "media_type") kinds.set(stream, value === "video" ? "video" : "audio");
      else ticks.set(stream, Number(value.split("/")[0]) / Number(value.split("/")[1]));
    } else if (frame) {
      const [, stream, pts, hash] = frame as unknown as [string, string, string, string];
      frames.push({ kind: kinds.get(stream) ?? "video", pts: Number(pts) * (ticks.get(stream) ?? Number.NaN), hash });
    } else if (line !== "" && !line.startsWith("#") && !NOT_OF_THE_STREAM.test(line)) {
      complaints.push(line);
    }
  }
  return { frames, complaints };
}

/** What ffprobe finds in a file or URL. */
export type ProbedStream = {
  readonly codec_type: "video" | "audio" | "data";
  readonly codec_name: string;
  readonly width?: number;
  readonly height?: number;
  readonly channels?: number;
  readonly sample_rate?: string;
};

/** @returns the streams, and what ffprobe complained about */
export async function probe(source: string): Promise<{ streams: ProbedStream[]; complaints: string[] }> {
  const child = start("ffprobe", ["-hide_banner", "-v", "warning", "-of", "json", "-show_streams", source]);
  await child.end(30_000);
  const json = child.output.slice(child.output.indexOf("{\n"), child.output.lastIndexOf("}") + 1);
  const complaints = child.output.replace(json, "").split("\n").filter(Boolean);
  return { streams: (JSON.parse(json || "{}").streams ?? []) as ProbedStream[], complaints };
}
