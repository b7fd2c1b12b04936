import { z } from "zod";
import { duration, size } from "../config/units.ts";

/** One recorder of an application. */
export const recorderSchema = z.strictObject({
  directory: z.string().describe("Where the files go. It is made when it is not there."),
  format: z.enum(["mp4", "flv"]).default("mp4").describe("Fragmented MP4, or FLV as nginx-rtmp writes."),
  media: z.enum(["all", "audio", "video", "keyframes"]).default("all").describe("What of the stream is recorded."),
  file: z
    .string()
    .default("{name}-%Y%m%d-%H%M%S")
    .describe(
      "Name of a file, without its ending: `{name}`, `{app}`, `{recorder}`, `{unix}` (seconds since 1970) and the codes of strftime, in local time. A `/` makes directories.",
    ),
  ending: z.string().optional().describe("Of a file's name; `.mp4` or `.flv` when left out."),
  overwrite: z
    .boolean()
    .default(false)
    .describe("A file of the same name is replaced; otherwise the new one gets a number."),
  manual: z
    .boolean()
    .default(false)
    .describe("Record only from when it is asked for by the control interface until it is told to stop."),
  append: z
    .boolean()
    .default(false)
    .describe("Go on in the file of the same name, with times that go on too. Only with `format: flv`."),
  notify: z
    .boolean()
    .default(false)
    .describe("Tell the encoder when a file begins and ends (NetStream.Record.Start, Stop)."),
  pieceDuration: duration({ min: 1000 }).optional().describe("Begin a new file after so much media, at a keyframe."),
  pieceSize: size().optional().describe("Begin a new file after so many bytes, at a keyframe."),
  maxSize: size().optional().describe("Stop recording a stream after so many bytes."),
  maxFrames: z.int().positive().optional().describe("Stop recording a stream after so many video frames."),
});
export type RecorderConfig = z.output<typeof recorderSchema>;

/** The recorders of an application, by name. */
export const recordSchema = z.record(z.string().regex(/^[\w-]{0,64}$/), recorderSchema).prefault({});
export type RecordConfig = z.output<typeof recordSchema>;
