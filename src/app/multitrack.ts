import type { ApplicationConfig } from "../config/application.ts";
import type { MultitrackAnswer, MultitrackQuestion } from "../gateways/http/multitrack.ts";
import type { Log } from "../log.ts";
import {
  type ClientConfiguration,
  clientConfiguration,
  type IngestEndpoint,
  refusal,
  type TrackWish,
} from "../obs/client-configuration.ts";
import { type FrameRate, readClientRequest } from "../obs/client-request.ts";
import { fitTracks } from "../obs/track-limits.ts";
import { chooseEncoder, ENCODER_KINDS, type EncoderKind, encoderOf } from "../obs/video-encoder.ts";
import { type AbrConfig, rungSchema } from "../transcode/config.ts";
import { planLadder } from "../transcode/ladder.ts";
import type { LadderSource } from "../transcode/ladder-source.ts";
import { wishedRungs } from "../transcode/wished-rungs.ts";

export type MultitrackContext = {
  readonly application: (name: string) => ApplicationConfig | undefined;
  /** Where encoders publish; undefined where they do not. */
  readonly ports: () => { readonly rtmp?: number; readonly rtmps?: number };
  readonly log: Log;
};

/** The latest form of requests and answers that is known here. */
const SCHEMA_VERSION = "2025-01-25";
const OWN = { service: "naru", schemaVersion: SCHEMA_VERSION };
/** Where nobody says. */
const USUAL_HEIGHT = 1080;
const USUAL_RATE: FrameRate = { numerator: 30, denominator: 1 };
const MIN_HEIGHT = 144;
const MAX_HEIGHT = 4320;

/** Answers what an encoder shall send, from an application's ladder: the source on top, and the rungs below it. */
export function answerMultitrack(question: MultitrackQuestion, context: MultitrackContext): MultitrackAnswer {
  return question.by === "client" ? toClient(question, context) : toPerson(question, context);
}

/** OBS shows a text of ours in an answer, and none with another status. */
function toClient(
  question: MultitrackQuestion & { readonly by: "client" },
  context: MultitrackContext,
): MultitrackAnswer {
  const request = readClientRequest(question.body);
  if (typeof request === "string") {
    return { status: 200, value: refusal(`naru does not understand what OBS asks: ${request}`, OWN) };
  }
  const { canvas, client, streamKey } = request;
  const made = configure(question, context, {
    canvas,
    name: keyName(streamKey),
    make: (tracks, endpoints) =>
      clientConfiguration({
        ...request,
        tracks: fitTracks(tracks, request),
        encoder: chooseEncoder(client),
        frameRate: canvas.frameRate,
        endpoints,
      }),
  });
  return { status: 200, value: typeof made === "string" ? refusal(made, request) : made };
}

/** OBS's own frame rate holds, which is not known here. */
function toPerson(
  question: MultitrackQuestion & { readonly by: "person" },
  context: MultitrackContext,
): MultitrackAnswer {
  const { encoder = "x264", height = USUAL_HEIGHT } = question;
  if (!isEncoderKind(encoder)) return { status: 400, value: { error: `encoder: one of ${ENCODER_KINDS.join(", ")}` } };
  if (height < MIN_HEIGHT || height > MAX_HEIGHT) {
    return { status: 400, value: { error: `height: from ${MIN_HEIGHT} to ${MAX_HEIGHT}` } };
  }
  const width = 2 * Math.round((height * 16) / 9 / 2);
  const made = configure(question, context, {
    canvas: { width, height, frameRate: USUAL_RATE },
    name: "",
    make: (tracks, endpoints) =>
      clientConfiguration({ ...OWN, tracks: fitTracks(tracks, {}), encoder: encoderOf(encoder), endpoints }),
  });
  return typeof made === "string" ? { status: 404, value: { error: made } } : { status: 200, value: made };
}

type Wanted = {
  readonly canvas: { readonly width: number; readonly height: number; readonly frameRate: FrameRate };
  readonly name: string;
  readonly make: (tracks: readonly TrackWish[], endpoints: readonly IngestEndpoint[]) => ClientConfiguration;
};

/** A text says why there is no configuration. */
function configure(
  { application, host, secure }: MultitrackQuestion,
  { application: find, ports, log }: MultitrackContext,
  { canvas, name, make }: Wanted,
): ClientConfiguration | string {
  const found = find(application);
  if (!found?.live) return `there is no application "${application}" to publish to`;
  const endpoints = endpointsOf(ports(), host, application, secure);
  if (endpoints.length === 0) return "this server does not listen for RTMP";
  const { width, height, frameRate } = canvas;
  const source: LadderSource = {
    path: `${application}/${name}`,
    video: { codec: "h264", width, height, frameRate: frameRate.numerator / frameRate.denominator },
    audio: { codec: "aac", codecString: "mp4a.40.2", channels: 2 },
  };
  try {
    return make(tracksOf(found.abr, source), endpoints);
  } catch (error) {
    log.error("the ladder of an application is none", { application, error: String(error) });
    return `the ladder of "${application}" is none; the server's log says why`;
  }
}

/** H.264 in each, which every player takes. */
function tracksOf(abr: AbrConfig, source: LadderSource): readonly TrackWish[] {
  const { width = 0, height = 0 } = source.video ?? {};
  const whole = rungSchema.parse({ height: Math.min(width, height), frameRate: 240 });
  const [first] = videoRungs(source, [whole]);
  if (!first) throw new Error("the canvas has no size");
  const wished = wishedRungs(abr, source);
  const below = wished ? videoRungs(source, wished) : [];
  return [first, ...below.filter((rung) => rung.width * rung.height < first.width * first.height)];
}

function videoRungs(source: LadderSource, rungs: Parameters<typeof planLadder>[1]["rungs"]): readonly TrackWish[] {
  const h264 = rungs.map((rung) => ({ ...rung, codec: "h264" as const }));
  const ladder = planLadder(source, { audioOnly: false, rungs: h264 });
  return "rungs" in ladder ? ladder.rungs.filter((rung) => rung.kind === "video") : [];
}

/** The first is the one that OBS takes. */
function endpointsOf(
  { rtmp, rtmps }: ReturnType<MultitrackContext["ports"]>,
  host: string,
  application: string,
  secure: boolean,
): readonly IngestEndpoint[] {
  const url = (scheme: string, port: number, usual: number) =>
    `${scheme}://${host}${port === usual ? "" : `:${port}`}/${encodeURIComponent(application)}/{stream_key}`;
  const plain: IngestEndpoint[] = rtmp === undefined ? [] : [{ protocol: "RTMP", url: url("rtmp", rtmp, 1935) }];
  const safe: IngestEndpoint[] = rtmps === undefined ? [] : [{ protocol: "RTMPS", url: url("rtmps", rtmps, 443) }];
  return secure ? [...safe, ...plain] : [...plain, ...safe];
}

/** What stands before the key's query is the name. */
function keyName(streamKey: string): string {
  return streamKey.replace(/\?.*$/s, "");
}

function isEncoderKind(name: string): name is EncoderKind {
  return (ENCODER_KINDS as readonly string[]).includes(name);
}
