import { join } from "node:path";
import { version } from "../../package.json";
import { AccessAdmission } from "../access/access.ts";
import { type ApplicationConfig, applicationAt, findApplication } from "../config/application.ts";
import { changesBetween } from "../config/changes.ts";
import type { Config } from "../config/schema.ts";
import type { ListenAddress } from "../config/units.ts";
import type { HttpGateway } from "../gateways/http/gateway.ts";
import type { StreamSummary } from "../gateways/http/stream-list.ts";
import { type RtmpGateway, startRtmpGateway } from "../gateways/rtmp/server.ts";
import { type Certificates, openCertificates } from "../gateways/tls/certificates.ts";
import { HlsOrigin } from "../hls/origin.ts";
import type { Log } from "../log.ts";
import type { Millis } from "../media/time.ts";
import { PlayFeeds } from "../play/feeds.ts";
import { StreamRegistry } from "../streams/registry.ts";
import { Sessions } from "../streams/sessions.ts";
import type { Stream } from "../streams/stream.ts";
import { applicationOf, invalidStreamPath } from "../streams/stream-path.ts";
import { AbrModule } from "./abr.ts";
import { AccessLogs } from "./access-log.ts";
import { ControlModule } from "./control.ts";
import { DashModule, hlsOf } from "./dash.ts";
import { startDelivery } from "./delivery.ts";
import { ExecModule } from "./exec.ts";
import { HlsModule } from "./hls.ts";
import { HookModule } from "./hooks.ts";
import { MediaMemory } from "./media-memory.ts";
import { answerMultitrack } from "./multitrack.ts";
import { createPictures } from "./pictures.ts";
import { Posters } from "./posters.ts";
import { RecordModule } from "./record.ts";
import { createRelays, redirectBy } from "./relay.ts";
import { type AppliedChange, describeChange, needsRestart } from "./reload.ts";
import { logSourceChange } from "./source-log.ts";
import { memoryFiles, type RememberedStream, StreamMemory } from "./stream-memory.ts";
import { summarise, summariseExpected } from "./stream-summary.ts";
import { VodModule } from "./vod.ts";

export type ServerOptions = {
  readonly log: Log;
  /** Where what is live is remembered over a restart, and certificates are kept; nowhere when left out. */
  readonly stateDirectory?: string;
};

/** A server that listens. */
export type Server = {
  readonly config: Config;
  /** Where it listens, with the ports that were taken where 0 was asked for. */
  readonly rtmp: readonly ListenAddress[];
  readonly http: readonly ListenAddress[];
  readonly rtmps: readonly ListenAddress[];
  readonly https: readonly ListenAddress[];
  /** Where the certificate of HTTPS and RTMPS comes from; undefined when neither is on. */
  readonly certificateOrigin: Certificates["origin"] | undefined;
  streams(): readonly StreamSummary[];
  /**
   * Another configuration. Streams and connections that a change does not concern do not notice.
   * @returns what became of each changed setting
   * @throws ListenError, and the configuration is as before
   */
  reload(config: Config): Promise<readonly AppliedChange[]>;
  /** Ends every stream and connection. Harmless when called twice. */
  close(): Promise<void>;
};

/** How often waiting streams and requests are looked at. */
const TICK: Millis = 200;
/** Streams at the same time. */
const MAX_STREAMS = 10_000;
/** For how long what many players are sent is gathered: not to be noticed, and a third fewer writes. */
const GATHER: Millis = 8;
/** How often what is live is compared with what is remembered. */
const REMEMBER: Millis = 2000;

/**
 * Puts the rooms together and listens.
 * @throws ListenError when an address cannot be had; then nothing is left running
 */
export async function startServer(config: Config, { log, stateDirectory }: ServerOptions): Promise<Server> {
  const clock = () => performance.now();
  const startedAt = clock();
  let current = config;
  const wallclockAt = (now: Millis) => Date.now() - clock() + now;
  const application = (name: string) => findApplication(current.applications, name);

  const posters = new Posters();
  const sessions = new Sessions();
  const files = config.state ? memoryFiles(stateDirectory, config.rtmp.listen) : undefined;
  const memory = new StreamMemory(files?.streams, log);
  const media = files && new MediaMemory(files.media, log);
  /** Until when a stream that is not there may be one whose encoder has not come back yet; undefined when it is none. */
  const expectedUntil = (path: string, now: Millis): Millis | undefined => {
    const found = application(applicationOf(path));
    if (!found?.live || !found.hls.enabled || !memory.mayHaveBeenLive(path)) return undefined;
    const until = startedAt + found.hls.grace;
    return now < until ? until : undefined;
  };
  const faults = new Map<string, string>();
  // A mistake of ours in one stream must not end the process, and with it all the others; nor fill the log.
  const onFault = (path: string, error: unknown): void => {
    const text = describe(error);
    if (faults.get(path) === text) return;
    faults.set(path, text);
    log.error("internal error in a timer", { path, error: text });
  };
  const isEncrypted = (path: string) => application(applicationOf(path))?.hls.keys !== undefined;
  const findOpen = (path: string) => (isEncrypted(path) ? undefined : registry.get(path));
  const origin = new HlsOrigin({
    isHidden: isEncrypted,
    expects: (path, now) => expectedUntil(path, now) !== undefined || relays.awaits(path),
    onRequest: (path, now) => relays.wanted(path, now),
    suffixesOf: (path) => application(applicationOf(path))?.hls.variants.map(({ suffix }) => suffix) ?? [],
    onFault,
  });
  const hls = new HlsModule({
    origin,
    log,
    wallclockAt,
    announcedBefore: (path, settings) => memory.announcedBefore(path, settings),
    numbersBefore: (path) => memory.numbersBefore(path),
    media,
  });
  const dash = new DashModule({ hls: origin, application, wallclockAt, log });
  const hooks = new HookModule({
    log,
    now: clock,
    sessions,
    config: () => current.hooks,
    applications: () => current.applications,
  });
  const vod = new VodModule({ log, config: (path) => application(applicationOf(path))?.files });
  const records = new RecordModule({
    log,
    wallclockAt,
    onStarted: (recording) => hooks.recordStarted(recording),
    onDone: (recording) => hooks.recordDone(recording),
  });
  const abr = new AbrModule({ log, now: clock });
  const exec = new ExecModule({
    now: clock,
    log,
    ofStream: (path) => application(applicationOf(path))?.run ?? [],
    ofServer: () => current.background,
  });
  sessions.observe(exec.observer);
  const accessLogs = new AccessLogs({
    now: clock,
    log,
    ofStream: (path) => application(applicationOf(path))?.accessLog ?? [],
  });
  sessions.observe(accessLogs);
  const admission = new AccessAdmission((app) => application(app)?.access, hooks);
  const attachHls = (stream: Stream, found: ApplicationConfig, now: Millis): void => {
    const { path } = stream;
    if (!found.abr.enabled) return void hls.attach(stream, hlsOf(found), now);
    const onRungWanted = (rung: string, at: Millis) => abr.wanted(path, rung, at);
    abr.attach(stream, hls.attach(stream, hlsOf(found), now, { onRungWanted }), found.abr, now);
  };
  const registry = new StreamRegistry({
    policy: (name) => {
      const found = application(name);
      if (!found) return undefined;
      const { live, secondPublisher, backup, hls } = found;
      return { live, secondPublisher, backup, graceMs: hls.grace };
    },
    maxStreams: MAX_STREAMS,
    objection: (path, via) => relays.objection(path, via),
    onStream: (stream, now) => {
      plays.attach(stream, now);
      relays.attach(stream, now);
      const found = application(applicationOf(stream.path));
      if (found?.hls.enabled) attachHls(stream, found, now);
      if (found) dash.attach(stream, found, now);
      if (found) records.attach(stream, found.record, now);
    },
    onRemoved: ({ path }) => {
      relays.detach(path);
      records.detach(path);
      abr.detach(path);
      faults.delete(path);
      log.info("stream ended", { path });
    },
    onSinkFailure: (stream, error) =>
      log.error("an output failed and was taken off its stream", { path: stream.path, error: describe(error) }),
    onFault: ({ path }, error) => onFault(path, error),
    onSourceChange: (stream, change) => logSourceChange(log, stream, change),
  });
  const findStream = (path: string) => registry.get(path);
  const scheduler = { soon: queueMicrotask, later: (work: () => void) => setTimeout(work, GATHER) };
  const plays: PlayFeeds = new PlayFeeds({
    find: findStream,
    policy: (path) => {
      const found = invalidStreamPath(path) === undefined ? application(applicationOf(path)) : undefined;
      return found?.live && found.play.enabled ? found.play : undefined;
    },
    scheduler,
    onDemand: {
      awaits: (path) => relays.awaits(path),
      objection: (path, via) => relays.objection(path, via),
      wanted: (path, now, via) => relays.wanted(path, now, via),
    },
  });
  const relays = createRelays({
    config: () => current,
    ingest: () => registry,
    find: findStream,
    isPlayed: (path) => plays.isPlayed(path),
    sessions,
    scheduler,
    log,
    clock,
  });
  const control = new ControlModule({
    version,
    startedAt,
    now: clock,
    sessions,
    stream: (path) => registry.get(path),
    recorders: records,
    relays: () => relays.list(clock()),
    config: () => current,
  });
  const pictures = createPictures({
    config: config.pictures,
    stream: findOpen,
    origin,
    hls: (path) => (isEncrypted(path) ? undefined : application(applicationOf(path))?.hls),
    log,
    now: clock,
  });
  const summary = (stream: Stream): StreamSummary => {
    const rungs = origin.get(stream.path)?.rungs ?? [];
    return summarise(stream, { now: clock(), wallclockAt, endsAt: registry.endsAt(stream), rungs });
  };
  const find = (path: string): StreamSummary | undefined => {
    const stream = registry.get(path);
    if (stream) return summary(stream);
    const until = expectedUntil(path, clock());
    return until === undefined ? undefined : summariseExpected(path, wallclockAt(startedAt), wallclockAt(until));
  };

  const rememberLive = (): void => {
    const live = new Map<string, RememberedStream>();
    for (const [path, before] of memory.found) if (expectedUntil(path, clock()) !== undefined) live.set(path, before);
    for (const { path } of registry.list()) {
      const known = hls.remembered(path);
      if (known) live.set(path, known);
    }
    memory.update(live);
  };
  const startModules = () => {
    hls.start(Object.values(current.applications).map((found) => found.hls));
    dash.start(Object.values(current.applications));
    abr.start(current.applications);
    relays.reload();
  };
  startModules();

  let rtmp: RtmpGateway | undefined;
  let http: HttpGateway | undefined;
  let certificates: Certificates | undefined;
  const remembering = setInterval(rememberLive, REMEMBER);
  const timer = setInterval(() => {
    const now = clock();
    for (const room of [registry, relays, origin, dash, pictures, abr, exec, hooks]) {
      try {
        room.tick(now);
      } catch (error) {
        onFault("", error);
      }
    }
  }, TICK);
  let closed = false;
  const close = async (): Promise<void> => {
    clearInterval(timer);
    clearInterval(remembering);
    if (!closed) rememberLive();
    closed = true;
    await exec.close();
    certificates?.close();
    // Before the streams end: a viewer that reads of the end stays away, though the server may only be restarted.
    await http?.close();
    await rtmp?.close();
    relays.close();
    control.close();
    pictures.close();
    abr.close();
    await media?.close();
    registry.close(clock());
    await Promise.all([hls.close(), dash.close(), records.close(), vod.close()]);
    await hooks.close();
    await accessLogs.close();
  };

  /** Opened when something first needs them. */
  const openCertificatesFor = async (wanted: Config): Promise<void> => {
    if (wanted.https.listen.length + wanted.rtmps.listen.length === 0) return;
    const directory = wanted.tls.directory ?? (stateDirectory && join(stateDirectory, "tls"));
    certificates ??= await openCertificates({ config: wanted.tls, directory, log, wallclock: Date.now });
  };
  const gatewayConfigs = ({ rtmp, rtmps, http, https }: Config) => ({
    rtmp: { config: rtmp, rtmps, certificates },
    http: { config: http, https, certificates },
  });

  const restoreStreams = async (): Promise<void> => {
    const configOf = (path: string) => {
      const found = application(applicationOf(path));
      return found?.live && found.hls.enabled ? hlsOf(found) : undefined;
    };
    for (const path of (await media?.load(configOf, Date.now())) ?? []) {
      registry.restore(path, clock());
      log.info("goes on with a stream of before the restart", { path });
    }
  };

  try {
    await openCertificatesFor(config);
    await restoreStreams();
    const configs = gatewayConfigs(config);
    const redirect = redirectBy(relays);
    rtmp = startRtmpGateway({
      ...configs.rtmp,
      ingest: registry,
      plays,
      files: vod,
      redirect,
      applicationAt: (name, at) => applicationAt(current.applications, name, at),
      sessions,
      admission,
      log,
      clock,
    });
    http = await startDelivery({
      ...configs.http,
      origin: dash.origin,
      plays,
      redirect,
      streams: {
        list: () => registry.list().map(summary),
        get: find,
        poster: (path) => posters.of(findOpen(path)),
      },
      pictures,
      rtmpPort: rtmp.addresses[0]?.port,
      multitrack: (question) =>
        answerMultitrack(question, {
          application,
          ports: () => ({ rtmp: rtmp?.addresses[0]?.port, rtmps: rtmp?.secureAddresses[0]?.port }),
          log,
        }),
      sessions,
      admission,
      operator: control.operator,
      version,
      log,
      now: clock,
    });
  } catch (error) {
    await close();
    throw error;
  }
  const gateways = { rtmp, http };
  exec.start();
  const apply = async (wanted: Config): Promise<void> => {
    const before = gatewayConfigs(current);
    const configs = gatewayConfigs(wanted);
    gateways.rtmp.reload(configs.rtmp);
    try {
      await gateways.http.reload(configs.http);
    } catch (error) {
      gateways.rtmp.reload(before.rtmp);
      throw error;
    }
  };
  certificates?.onChange(() => apply(current));
  const reload = async (next: Config): Promise<readonly AppliedChange[]> => {
    const before = current;
    const changes = [
      ...changesBetween(before, next).filter((change) => !needsRestart(change)),
      ...changesBetween(config, next).filter(needsRestart),
    ];
    const opened = certificates;
    await openCertificatesFor(next);
    if (certificates !== opened) certificates?.onChange(() => apply(current));
    await apply(next);
    current = next;
    pictures.reload(next.pictures);
    startModules();
    exec.start();
    const isOf = (name: string, path: string) =>
      name === applicationOf(path) || (name === "*" && !Object.hasOwn(before.applications, applicationOf(path)));
    const running = (name: string) => registry.list().filter(({ path }) => isOf(name, path)).length;
    return changes.map((change) => describeChange(change, running));
  };

  return {
    get config() {
      return current;
    },
    get rtmp() {
      return gateways.rtmp.addresses;
    },
    get http() {
      return gateways.http.addresses;
    },
    get rtmps() {
      return gateways.rtmp.secureAddresses;
    },
    get https() {
      return gateways.http.secureAddresses;
    },
    get certificateOrigin() {
      return certificates?.origin;
    },
    reload,
    streams: () => registry.list().map(summary),
    close,
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
