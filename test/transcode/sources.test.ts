import { afterAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import type { FeedEvent } from "../../src/hls/rung-feed.ts";
import type { MediaEvent } from "../../src/media/event.ts";
import type { ToTranscoder } from "../../src/transcode/messages.ts";
import type { AudioRung, Rung, VideoRung } from "../../src/transcode/rung.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { run } from "../support/process.ts";
import { cutsOf, eventsOf, LeadRecorder, type MadeRung, mp4Of, SMALL_RUNG, transcode } from "../support/transcode.ts";

const directory = new TemporaryDirectory();
afterAll(() => directory[Symbol.dispose]());

const PICTURE = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=30"];
const SOUND = ["-f", "lavfi", "-i", "sine=f=440:r=48000,aformat=channel_layouts=stereo"];
const X264 = [
  "-c:v",
  "libx264",
  "-preset",
  "ultrafast",
  "-bf",
  "2",
  "-g",
  "60",
  "-keyint_min",
  "60",
  "-pix_fmt",
  "yuv420p",
];
const AAC = ["-c:a", "aac", "-b:a", "96k"];

const HALF: VideoRung = {
  ...SMALL_RUNG,
  name: "half",
  frameDivisor: 2,
  audio: { codec: "aac", bitrate: 64_000, channels: 2 },
};
const SOUND_ONLY: AudioRung = { kind: "audio", name: "sound", audio: { codec: "aac", bitrate: 48_000, channels: 1 } };

let clips = 0;
async function clip(args: readonly string[]): Promise<MediaEvent[]> {
  const file = directory.join(`${clips++}.mp4`);
  await run("ffmpeg", ["-v", "error", "-nostdin", "-y", ...args, file]);
  return eventsOf(file);
}

/** Makes rungs of a whole stream. */
async function make(events: readonly MediaEvent[], rungs: readonly Rung[], config = {}) {
  const lead = new LeadRecorder(config);
  const feed = lead.follow();
  lead.write(events);
  lead.write([{ type: "end" }]);
  const messages: ToTranscoder[] = [
    { type: "settings", settings: { rungs } },
    ...rungs.map(({ name }) => ({ type: "startRung", rung: name }) as const),
    ...feed.map((event) => ({ type: "feed", event }) as const),
  ];
  const made = await transcode(messages);
  expect({ exit: made.exit.code, lines: made.lines }).toEqual({ exit: 0, lines: [] });
  const of = (name: string): MadeRung => {
    const rung = made.rungs.get(name);
    if (!rung) throw new Error(`nothing of ${name}`);
    return rung;
  };
  return { feed, of, statuses: made.statuses };
}

type Probed = { readonly pts: number; readonly key: boolean };

/** The pictures that FFmpeg decodes of a rung, at the source's times. */
async function framesOf(rung: MadeRung, feed: readonly FeedEvent[]): Promise<Probed[]> {
  const file = directory.join(`out-${clips++}.mp4`);
  writeFileSync(file, mp4Of(rung.events));
  const entries = ["-show_entries", "frame=pts,key_frame", "-of", "json"];
  const json = await run("ffprobe", ["-v", "error", "-select_streams", "v:0", ...entries, file]);
  const { frames } = JSON.parse(json) as { frames: { pts: number; key_frame: number }[] };
  const begin = feed.find((event) => event.type === "begin");
  const offset = (begin?.start.timeOffset ?? 0) * 90_000;
  return frames.map(({ pts, key_frame }) => ({ pts: pts - offset, key: key_frame === 1 }));
}

const pictureTimes = (events: readonly MediaEvent[]) =>
  events.flatMap((event) => (event.type === "packet" && event.track === 1 ? [event.pts] : [])).sort((a, b) => a - b);

describe("rungs of a source", () => {
  test("are cut where it is, with its pictures at their times; half of them where that is asked for", async () => {
    const events = await clip([...PICTURE, ...SOUND, "-t", "7", ...X264, ...AAC]);
    const { feed, of } = await make(events, [SMALL_RUNG, HALF, SOUND_ONLY]);
    const cuts = cutsOf(feed);
    expect(cuts.filter(({ type }) => type === "segment").length).toBe(4);
    for (const name of ["small", "half", "sound"]) expect(cutsOf(of(name).events)).toEqual(cuts);
    const times = pictureTimes(events);
    const small = await framesOf(of("small"), feed);
    expect(small.map(({ pts }) => pts)).toEqual(times);
    expect(small.flatMap(({ key }, index) => (key ? [index] : []))).toEqual([0, 60, 120, 180]);
    expect((await framesOf(of("half"), feed)).map(({ pts }) => pts)).toEqual(
      times.filter((_, index) => index % 2 === 0),
    );
    for (const event of of("small").events) {
      if (event.type === "segment") expect(event.independent).toBe(true);
    }
    expect(of("half").tracks).toMatchObject([
      { kind: "video", config: { codec: "h264", width: 192, height: 108, frameRate: 15 } },
      { kind: "audio", config: { codec: "aac", sampleRate: 48_000, channels: 2 } },
    ]);
    expect(of("sound").tracks).toMatchObject([{ kind: "audio", config: { codecString: "mp4a.40.2", channels: 1 } }]);
  }, 60_000);

  test.each<readonly [what: string, args: readonly string[]]>([
    ["59.94 frames a second", ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=60000/1001", "-t", "4", ...X264]],
    [
      "a varying frame rate",
      [...PICTURE, "-t", "5", "-vf", "select='not(mod(n,7))+gt(n,60)*not(mod(n,2))'", "-vsync", "vfr", ...X264],
    ],
    ["10 bits, 4:2:2", [...PICTURE, "-t", "4", ...X264, "-pix_fmt", "yuv422p10"]],
    ["odd sizes", ["-f", "lavfi", "-i", "testsrc2=s=321x179:r=30", "-t", "4", ...X264, "-pix_fmt", "yuv444p"]],
    [
      "interlaced pictures",
      [...PICTURE, "-t", "4", "-vf", "setfield=tff", ...X264, "-flags", "+ildct+ilme", "-x264opts", "tff=1"],
    ],
    [
      "HEVC",
      [
        ...PICTURE,
        "-t",
        "4",
        "-c:v",
        "libx265",
        "-preset",
        "ultrafast",
        "-x265-params",
        "log-level=error:keyint=60:min-keyint=60",
      ],
    ],
    ["open groups of pictures", [...PICTURE, "-t", "7", ...X264, "-x264opts", "open-gop=1:b-adapt=0"]],
  ])(
    "%s",
    async (_, args) => {
      const events = await clip(args);
      const { feed, of } = await make(events, [SMALL_RUNG]);
      expect(of("small").failed).toBeUndefined();
      expect(cutsOf(of("small").events)).toEqual(cutsOf(feed));
      expect((await framesOf(of("small"), feed)).map(({ pts }) => pts)).toEqual(pictureTimes(events));
    },
    20_000,
  );

  test.each(["hevc", "av1"] as const)(
    "in %s",
    async (codec) => {
      const events = await clip([...PICTURE, "-t", "4", ...X264]);
      const encoder = codec === "hevc" ? "libx265" : "libsvtav1";
      const preset = codec === "hevc" ? "ultrafast" : "12";
      const lead = new LeadRecorder();
      const feed = lead.follow();
      lead.write(events);
      lead.write([{ type: "end" }]);
      const made = await transcode([
        { type: "settings", settings: { rungs: [{ ...SMALL_RUNG, codec, encoder, preset }] } },
        { type: "startRung", rung: "small" },
        ...feed.map((event) => ({ type: "feed", event }) as const),
      ]);
      const rung = made.rungs.get("small") as MadeRung;
      expect(rung.failed).toBeUndefined();
      expect(cutsOf(rung.events)).toEqual(cutsOf(feed));
      const frames = await framesOf(rung, feed);
      expect(frames.map(({ pts }) => pts)).toEqual(pictureTimes(events));
      expect(frames[60]?.key).toBe(true);
    },
    20_000,
  );

  test.each<readonly [what: string, sound: readonly string[]]>([
    ["Opus", ["-c:a", "libopus"]],
    ["MP3", ["-c:a", "libmp3lame", "-ar", "44100"]],
    ["AC-3, 5.1", ["-c:a", "ac3", "-ac", "6"]],
    ["AAC, 5.1", ["-c:a", "aac", "-ac", "6"]],
  ])(
    "%s becomes AAC in two channels, and stays where it is",
    async (_, sound) => {
      // A tenth of a second of tone each second.
      const beeps = "aevalsrc='if(lt(mod(t,1),0.1),0.5*sin(2*PI*1000*t),0)':s=48000,aformat=channel_layouts=stereo";
      const events = await clip([...PICTURE, "-f", "lavfi", "-i", beeps, "-t", "5", ...X264, ...sound]);
      const { of } = await make(events, [HALF]);
      const rung = of("half");
      expect(rung.failed).toBeUndefined();
      expect(rung.tracks[1]).toMatchObject({ config: { codec: "aac", channels: 2 } });
      const file = directory.join(`beeps-${clips++}.mp4`);
      writeFileSync(file, mp4Of(rung.events));
      const starts = await beepsIn(file);
      expect(starts.length).toBeGreaterThanOrEqual(4);
      // Its frames are as long as 21 ms; the issue allows 20 ms of error.
      for (const start of starts) expect(Math.abs(start - Math.round(start))).toBeLessThan(0.02);
    },
    20_000,
  );
});

/** When tones begin, in seconds of the file's own time. */
async function beepsIn(file: string): Promise<number[]> {
  const rate = 8000;
  const start = await run("ffprobe", [
    "-v",
    "error",
    ...["-select_streams", "a", "-show_entries", "stream=start_time"],
    ...["-of", "csv=p=0", file],
  ]);
  const mono = ["-map", "0:a", "-af", `aresample=${rate},aformat=channel_layouts=mono`, "-f", "f32le", "-"];
  const child = Bun.spawn(["ffmpeg", "-v", "error", "-i", file, ...mono], { stdout: "pipe" });
  const samples = new Float32Array(await new Response(child.stdout).arrayBuffer());
  const starts: number[] = [];
  let quiet = 0;
  for (const [index, sample] of samples.entries()) {
    if (Math.abs(sample) < 0.1) quiet++;
    else {
      if (quiet > rate / 2) starts.push(Number(start) + index / rate);
      quiet = 0;
    }
  }
  return starts;
}
