import { z } from "zod";
import { listOrFunction, switchable } from "../config/forms.ts";
import { bitrate, duration, size } from "../config/units.ts";
import type { LadderSource } from "./ladder-source.ts";

/** Names in URLs; `main` and `index` are the source's own. */
const NAME = /^(?!(?:main|index)$)[A-Za-z0-9_-]{1,40}$/;
const name = () => z.string().regex(NAME, 'expected letters, digits, "-" and "_", not "main" or "index"');

const audioSchema = z
  .strictObject({
    codec: z
      .enum(["auto", "aac", "copy", "none"])
      .default("auto")
      .describe("`auto`: AAC of up to two channels passes as it is, anything else becomes AAC. `none`: no sound."),
    bitrate: bitrate({ min: 8000, max: 1_000_000 }).default(128_000).describe("Of what is encoded."),
    channels: z.int().min(1).max(2).default(2).describe("At most so many, of what is encoded."),
  })
  .prefault({});

/** One rung as it is written: what is left out is derived from the source. */
export const rungSchema = z.strictObject({
  name: name().optional().describe("In URLs: `NAME.m3u8`. When left out: `720p` for a height of 720."),
  height: z
    .int()
    .min(16)
    .max(8192)
    .optional()
    .describe("Lines of the picture (of an upright one: its width). A rung above the source is left out."),
  width: z.int().min(16).max(8192).optional().describe("Instead of the height; of an upright picture its height."),
  codec: z.enum(["h264", "hevc", "av1"]).default("h264").describe("What the picture is encoded with."),
  bitrate: bitrate().optional().describe("On average; made from size, frame rate and codec when left out."),
  maxBitrate: bitrate().optional().describe("Over a second; 1.25 times `bitrate` when left out."),
  frameRate: z
    .number()
    .min(1)
    .max(240)
    .optional()
    .describe(
      "Most frames per second: of the source's, every one, every second and so on is kept. When left out: 60 from 720 lines on, 30 below.",
    ),
  preset: z.string().optional().describe("Of the encoder; for H.264 `veryfast` when left out."),
  tune: z.string().optional().describe("Of the encoder, such as `film`, `animation`, `zerolatency`."),
  profile: z.string().optional().describe("Of the encoder; for H.264 `high` when left out."),
  options: z
    .string()
    .optional()
    .describe("More of the encoder's own options, as `-x264-params` takes them: `bframes=2:rc-lookahead=20`."),
  audio: audioSchema.describe("The sound of the rung."),
});
export type RungConfig = z.output<typeof rungSchema>;
/** What a user may write of one rung. */
export type RungInput = z.input<typeof rungSchema>;

/** Decides stream by stream: rungs, `true` for those derived from the source, or none. */
export type LadderFunction = (stream: LadderSource) => readonly RungInput[] | boolean | undefined;

/** Adaptive bitrate of an application: further qualities of each stream. */
export const abrSchema = switchable(
  z.strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        "Offer each stream in further qualities, made from it here; `abr: true`, or any setting below, turns it on.",
      ),
    rungs: listOrFunction<typeof rungSchema, LadderFunction>(rungSchema, "LadderFunction")
      .prefault([])
      .describe("The qualities, or a function of the stream; derived from the source when empty."),
    audioOnly: z.boolean().default(false).describe("Offer the sound alone, too."),
    always: z.boolean().default(false).describe("Encode whether or not somebody watches."),
    linger: duration({ min: 1000 }).default(30_000).describe("How long a rung is encoded after its last viewer."),
    hardware: z
      .enum(["auto", "off", "vaapi", "nvenc", "qsv", "videotoolbox"])
      .default("auto")
      .describe("Encoders of the graphics card: whatever is found, none, or one kind. Software takes their place."),
    priority: z
      .int()
      .min(-100)
      .max(100)
      .default(0)
      .describe("When the machine cannot keep up, rungs of applications with a lower one are given up first."),
    nice: z.int().min(0).max(19).default(10).describe("How far the encoders' processes stand back for the CPU."),
    threads: z.int().min(0).max(256).default(0).describe("Of each encoder; 0: as many as it likes."),
    maxMemory: size({ min: 64 * 1024 ** 2 })
      .default(2 * 1024 ** 3)
      .describe("A transcoding process that grows beyond it is started anew."),
  }),
);
export type AbrConfig = z.output<typeof abrSchema>;
