import { type RunningProcess, sleep, start, until } from "../process.ts";
import { Looks, lastCount, type WatchedPlayer } from "../watched-player.ts";

/**
 * Publishes a moving test picture and a tone, encoded on the way, through rtmp2sink. The sink keeps the pace: live sources
 * would leave frames out when the machine is busy.
 */
export function publishWithGstreamer(url: string): RunningProcess {
  const video =
    "videotestsrc pattern=ball ! video/x-raw,width=640,height=360,framerate=30/1 ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=60 bitrate=1000 ! h264parse ! queue ! m.";
  const audio =
    "audiotestsrc samplesperbuffer=1024 ! audio/x-raw,rate=44100,channels=2 ! audioconvert ! avenc_aac ! aacparse ! queue ! m.";
  return gstLaunch(`flvmux name=m streamable=true ! rtmp2sink location=${url} sync=true ${video} ${audio}`);
}

export type GstreamerPlayback = {
  /** Pictures shown, and left out because they came too late. */
  readonly rendered: number;
  readonly dropped: number;
  /** Seconds of sound. */
  readonly audioSeconds: number;
  readonly errors: readonly string[];
};

/** Plays a URL with playbin3 (its HLS client is hlsdemux2) for some seconds of wall clock. */
export async function playWithGstreamer(url: string, seconds: number): Promise<GstreamerPlayback> {
  const sinks = `video-sink="fpsdisplaysink text-overlay=false video-sink=fakesink" audio-sink="fakesink silent=false"`;
  await using player = gstLaunch(`playbin3 uri=${url} ${sinks}`, "-v");
  await player.waitFor(/rendered: \d+/, 20_000);
  await sleep(seconds * 1000);
  await player.stop("SIGINT");
  return readPlayback(player.output);
}

/** Plays so many pictures of a live RTMP stream, and the sound beside them. @returns what went wrong */
export async function playRtmpWithGstreamer(url: string, pictures: number): Promise<string[]> {
  const video = "d.video ! queue ! h264parse ! avdec_h264 ! fakesink name=pictures sync=false async=false silent=false";
  const audio = "d.audio ! queue ! aacparse ! avdec_aac ! fakesink name=sound sync=false async=false silent=false";
  await using player = gstLaunch(`rtmp2src location=${url} ! flvdemux name=d ${video} ${audio}`, "-v");
  const count = (sink: string) =>
    player.output.match(new RegExp(`FakeSink:${sink}: last-message = chain`, "g"))?.length ?? 0;
  await until(`${pictures} pictures`, 30_000, async () => {
    if (player.exitCode !== undefined) throw player.failure("ended");
    return count("pictures") >= pictures ? true : undefined;
  });
  const errors = player.output.match(/^(ERROR|WARNING).*$/gm) ?? [];
  return count("sound") < pictures ? [...errors, `${count("sound")} frames of sound`] : [...errors];
}

/** Plays a URL with playbin3 until the scope ends. */
export function watchWithGstreamer(url: string): WatchedPlayer {
  const video = `video-sink="fpsdisplaysink text-overlay=false fps-update-interval=200 video-sink=fakesink"`;
  const player = gstLaunch(`playbin3 uri=${url} ${video} audio-sink="fakesink sync=true"`, "-v");
  const looks = new Looks(() => lastCount(player.output, "rendered: "));
  return {
    watched: async () => ({
      looks: looks.taken,
      failures: [
        ...(player.exitCode === undefined ? [] : [`ended with exit code ${player.exitCode}`]),
        ...(player.output.match(/^(ERROR|Got EOS).*$/gm) ?? []),
      ],
      complaints: player.output.match(/^WARNING.*$/gm) ?? [],
    }),
    [Symbol.asyncDispose]: async () => {
      looks.stop();
      await player.stop("SIGKILL");
    },
  };
}

function readPlayback(log: string): GstreamerPlayback {
  const counts = [...log.matchAll(/rendered: (\d+), dropped: (\d+)/g)].at(-1);
  const sound = [...log.matchAll(/chain .*?pts: (\d+):(\d+):([\d.]+)/g)].map(
    ([, hours, minutes, rest]) => Number(hours) * 3600 + Number(minutes) * 60 + Number(rest),
  );
  return {
    rendered: Number(counts?.[1] ?? 0),
    dropped: Number(counts?.[2] ?? 0),
    audioSeconds: sound.length === 0 ? 0 : Math.max(...sound) - Math.min(...sound),
    errors: log.match(/^(ERROR|WARNING).*$/gm) ?? [],
  };
}

/** Runs a pipeline in gst-launch's own notation. */
function gstLaunch(pipeline: string, ...flags: string[]): RunningProcess {
  const words = pipeline.match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
  return start("gst-launch-1.0", [...flags, ...words.map((word) => word.replaceAll('"', ""))]);
}
