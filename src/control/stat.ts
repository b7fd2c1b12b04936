import type { AudioTrack, VideoTrack } from "../media/track.ts";
import type { Session } from "../streams/sessions.ts";
import type { Stream } from "../streams/stream.ts";
import { audioFacts, type CodecFacts, videoFacts } from "./codec-facts.ts";
import type { Traffic, TrafficMeter } from "./traffic.ts";
import type { NamedApplication, World } from "./world.ts";

/** The tree of nginx-rtmp's statistics; times in milliseconds. */
export type Stat = {
  readonly version: string;
  /** What it runs on. */
  readonly built: string;
  readonly pid: number;
  /** Seconds. */
  readonly uptime: number;
  /** Connections since the start. */
  readonly accepted: number;
  readonly traffic: Traffic;
  readonly servers: readonly (readonly StatApplication[])[];
};

export type StatApplication = {
  readonly name: string;
  /** Where it takes live streams. */
  readonly live?: readonly StatStream[];
  /** Where it plays files: by name. */
  readonly play?: readonly StatStream[];
};

export type StatStream = {
  readonly name: string;
  readonly time: number;
  readonly traffic: Traffic;
  /** Bits per second. */
  readonly audioBits: number;
  readonly videoBits: number;
  /** The latest first. */
  readonly clients: readonly StatClient[];
  readonly meta?: StatMeta;
  readonly publishing: boolean;
  readonly active: boolean;
};

export type StatClient = {
  readonly id: number;
  readonly address: string;
  readonly time: number;
  readonly flashVer: string;
  readonly pageUrl: string;
  readonly swfUrl: string;
  readonly dropped: number;
  readonly avSync: number;
  readonly timestamp: number;
  readonly publishing: boolean;
  readonly active: boolean;
};

export type StatMeta = {
  readonly video?: CodecFacts & { readonly width: number; readonly height: number; readonly frameRate: number };
  readonly audio?: CodecFacts & { readonly channels: number; readonly sampleRate: number };
};

/** What nginx-rtmp's relays call themselves. */
const RELAY = "ngx-local-relay";

/** What is going on now. */
export function readStat(world: World, traffic: TrafficMeter): Stat {
  const now = world.now();
  const sessions = world.sessions.list;
  const application = ({ key, name, live, files }: NamedApplication): StatApplication => {
    const own = sessions.filter(({ target }) => target.app === key);
    const isFile = ({ kind, target }: Session) => files && kind === "play" && !world.stream(target.path);
    const read = (some: readonly Session[]) =>
      [...Map.groupBy(some, ({ target }) => target.path)].map(([path, all]) =>
        readStream(path, all, world.stream(path), traffic, now),
      );
    return {
      name,
      ...(live && { live: read(own.filter((session) => !isFile(session))) }),
      ...(files && { play: read(own.filter(isFile)) }),
    };
  };
  return {
    version: world.version,
    built: `Bun ${process.versions.bun}`,
    pid: world.pid,
    uptime: Math.floor((now - world.startedAt) / 1000),
    accepted: world.sessions.accepted,
    traffic: traffic.server,
    servers: world.servers().map((applications) => applications.map(application)),
  };
}

function readStream(
  path: string,
  sessions: readonly Session[],
  stream: Stream | undefined,
  traffic: TrafficMeter,
  now: number,
): StatStream {
  const publishing = sessions.some(({ kind }) => kind === "publish");
  const active = publishing || stream?.onAir !== undefined;
  const rates = new Map(stream?.stats(now).tracks.map(({ id, bitrate }) => [id, bitrate]));
  const bits = (kind: "audio" | "video") => {
    let sum = 0;
    for (const track of stream?.tracks ?? []) if (track.kind === kind) sum += rates.get(track.id) ?? 0;
    return sum;
  };
  const meta = active && stream ? readMeta(stream, now) : undefined;
  return {
    name: sessions[0]?.target.name ?? path,
    time: Math.round(now - Math.min(...sessions.map(({ since }) => since))),
    traffic: traffic.ofStream(path),
    audioBits: bits("audio"),
    videoBits: bits("video"),
    clients: sessions.map((session) => readClient(session, active, now)).reverse(),
    ...(meta && { meta }),
    publishing,
    active,
  };
}

function readClient(session: Session, streamActive: boolean, now: number): StatClient {
  const { dropped, avSync, timestamp } = session.stats();
  const { id, address, flashVer, pageUrl, swfUrl, connectedAt, isRelay } = session.client;
  return {
    id,
    address,
    time: Math.round(now - connectedAt),
    flashVer: isRelay ? RELAY : flashVer,
    pageUrl,
    swfUrl,
    dropped,
    avSync: Math.round(avSync),
    timestamp: Math.round(timestamp),
    publishing: session.kind === "publish",
    active: streamActive,
  };
}

function readMeta(stream: Stream, now: number): StatMeta | undefined {
  const video = stream.tracks.find((track): track is VideoTrack => track.kind === "video")?.config;
  const audio = stream.tracks.find((track): track is AudioTrack => track.kind === "audio")?.config;
  if (!video && !audio) return undefined;
  const said = stream.onAir?.metadata.framerate;
  const frameRate = typeof said === "number" && said > 0 ? said : (video?.frameRate ?? stream.stats(now).frameRate);
  return {
    ...(video && {
      video: { width: video.width, height: video.height, frameRate: Math.round(frameRate), ...videoFacts(video) },
    }),
    ...(audio && { audio: { ...audioFacts(audio), channels: audio.channels, sampleRate: audio.sampleRate } }),
  };
}
