import type { FrameRate } from "./client-request.ts";
import { encoderSettings, type VideoEncoder } from "./video-encoder.ts";

/** One track that an encoder shall send. */
export type TrackWish = {
  readonly width: number;
  readonly height: number;
  /** Every n-th frame of the canvas. */
  readonly frameDivisor: number;
  /** Bits per second. */
  readonly bitrate: number;
};

/** Where to publish: an RTMP or RTMPS URL with `{stream_key}` as its last part. */
export type IngestEndpoint = { readonly protocol: "RTMP" | "RTMPS"; readonly url: string };

export type ConfigurationOptions = {
  /** Echoed, so that a client sees which form it got. */
  readonly service: string;
  readonly schemaVersion: string;
  /** Best first: the first becomes track 0. */
  readonly tracks: readonly TrackWish[];
  readonly encoder: VideoEncoder;
  /** Of the canvas; without it all tracks have that of the canvas, whatever it is. */
  readonly frameRate?: FrameRate;
  readonly endpoints: readonly IngestEndpoint[];
};

/** The body of an answer, by OBS's names (`GoLiveApi::Config` in its sources). */
export type ClientConfiguration = {
  readonly meta: { readonly service: string; readonly schema_version: string; readonly config_id: string };
  readonly status?: { readonly result: "error"; readonly html_en_us: string };
  readonly ingest_endpoints: readonly { readonly protocol: string; readonly url_template: string }[];
  readonly encoder_configurations: readonly {
    readonly type: string;
    readonly width: number;
    readonly height: number;
    readonly framerate?: FrameRate;
    readonly gpu_scale_type: string;
    readonly colorspace: string;
    readonly range: string;
    readonly format: string;
    readonly settings: Readonly<Record<string, string | number | boolean>>;
    readonly canvas_index: number;
  }[];
  readonly audio_configurations: {
    readonly live: readonly AudioConfiguration[];
    /** For the second track that a user may want for recordings; sent only then. */
    readonly vod: readonly AudioConfiguration[];
  };
};

type AudioConfiguration = {
  readonly codec: string;
  readonly track_id: number;
  readonly channels: number;
  /** Kilobits per second. */
  readonly settings: { readonly bitrate: number };
};

const audio = (track_id: number): AudioConfiguration => ({
  codec: "ffmpeg_aac",
  track_id,
  channels: 2,
  settings: { bitrate: 160 },
});

/** What OBS shall send. */
export function clientConfiguration(options: ConfigurationOptions): ClientConfiguration {
  const { tracks, encoder, frameRate, endpoints } = options;
  return {
    meta: metaOf(options),
    ingest_endpoints: endpoints.map(({ protocol, url }) => ({ protocol, url_template: url })),
    encoder_configurations: tracks.map(({ width, height, frameDivisor, bitrate }) => ({
      type: encoder.id,
      width,
      height,
      ...(frameRate && { framerate: { ...frameRate, denominator: frameRate.denominator * frameDivisor } }),
      gpu_scale_type: "OBS_SCALE_BICUBIC",
      colorspace: "VIDEO_CS_709",
      range: "VIDEO_RANGE_PARTIAL",
      format: "VIDEO_FORMAT_NV12",
      settings: encoderSettings(encoder.kind, bitrate),
      canvas_index: 0,
    })),
    audio_configurations: { live: [audio(1)], vod: [audio(2)] },
  };
}

/** Tells the user, in a window of OBS, why there is no configuration. */
export function refusal(
  reason: string,
  asked: { readonly service: string; readonly schemaVersion: string },
): ClientConfiguration {
  return {
    meta: metaOf(asked),
    status: { result: "error", html_en_us: escapeHtml(reason) },
    ingest_endpoints: [],
    encoder_configurations: [],
    audio_configurations: { live: [], vod: [] },
  };
}

/** OBS appends an id that is not empty to the stream key. */
function metaOf({ service, schemaVersion }: { readonly service: string; readonly schemaVersion: string }) {
  return { service, schema_version: schemaVersion, config_id: "" };
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
