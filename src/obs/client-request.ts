import { z } from "zod";

/** A picture larger than this is a mistake. */
const MAX_SIDE = 16_384;
/** Entries of any list in a request; OBS knows some dozens of encoders. */
const MAX_ENTRIES = 256;
const MAX_TEXT = 1024;

const text = z.string().max(MAX_TEXT);
const side = z.int().min(16).max(MAX_SIDE);
const rate = z.object({ numerator: z.int().min(1), denominator: z.int().min(1) });
const canvas = z.object({ width: side, height: side, framerate: rate });

/** What is read of a request; the rest, about the machine, is passed over. */
const requestSchema = z.object({
  service: text,
  schema_version: text,
  /** The stream key. */
  authentication: text,
  client: z.object({
    name: text,
    version: text,
    supported_codecs: z.array(text).max(MAX_ENTRIES).nullish(),
    supported_encoders: z.array(text).max(MAX_ENTRIES).nullish(),
  }),
  capabilities: z
    .object({
      system: z.object({ name: text }).nullish(),
      gpu: z
        .array(z.object({ vendor_id: z.int() }))
        .max(MAX_ENTRIES)
        .nullish(),
    })
    .nullish(),
  preferences: z
    .object({
      /** Kilobits per second. */
      maximum_aggregate_bitrate: z.number().min(0).nullish(),
      maximum_video_tracks: z.int().min(0).nullish(),
      composition_gpu_index: z.int().nullish(),
      canvases: z.array(canvas).max(MAX_ENTRIES).nullish(),
    })
    // Until version 2024-06-04 of the schema there was one canvas.
    .extend(canvas.partial().shape),
});

/** What OBS says of itself when it asks what to send ("multitrack video", Enhanced Broadcasting). */
export type ClientRequest = {
  readonly service: string;
  readonly schemaVersion: string;
  readonly streamKey: string;
  readonly client: {
    readonly version: string;
    /** OBS's names of the encoders that it has; undefined where it does not say (before schema 2025). */
    readonly encoders?: readonly string[];
    /** `Windows`, `Linux`, `macOS`; empty when unknown. */
    readonly system: string;
    /** PCI vendors of the graphics cards, the one that composes the picture first. */
    readonly gpuVendors: readonly number[];
  };
  /** The picture that OBS sends when nobody asks for another. */
  readonly canvas: { readonly width: number; readonly height: number; readonly frameRate: FrameRate };
  /** Most tracks and bits per second that the user allows. */
  readonly maxTracks?: number;
  readonly maxBitrate?: number;
};

/** Frames per second. */
export type FrameRate = { readonly numerator: number; readonly denominator: number };

/** Reads the body of a request; a text says what is wrong with it. */
export function readClientRequest(body: unknown): ClientRequest | string {
  const parsed = requestSchema.safeParse(body);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return `${issue?.path.join(".") || "the request"}: ${issue?.message ?? "not understood"}`;
  }
  const { client, capabilities, preferences, ...rest } = parsed.data;
  const first = preferences.canvases?.[0] ?? canvas.safeParse(preferences).data;
  if (!first) return "preferences.canvases: there is no canvas";
  const { width, height, framerate } = first;
  return {
    service: rest.service,
    schemaVersion: rest.schema_version,
    streamKey: rest.authentication,
    client: {
      version: client.version,
      ...(client.supported_encoders && { encoders: client.supported_encoders }),
      system: capabilities?.system?.name ?? "",
      gpuVendors: vendorsOf(capabilities?.gpu ?? [], preferences.composition_gpu_index ?? 0),
    },
    canvas: { width, height, frameRate: framerate },
    ...(preferences.maximum_video_tracks && { maxTracks: preferences.maximum_video_tracks }),
    ...(preferences.maximum_aggregate_bitrate && { maxBitrate: preferences.maximum_aggregate_bitrate * 1000 }),
  };
}

function vendorsOf(gpus: readonly { readonly vendor_id: number }[], composing: number): readonly number[] {
  const vendors = gpus.map((gpu) => gpu.vendor_id);
  const first = vendors[composing];
  return first === undefined ? vendors : [first, ...vendors.filter((_, index) => index !== composing)];
}
