import { randomBytes } from "node:crypto";
import { version } from "../../package.json";
import { findApplication } from "../config/application.ts";
import type { Config } from "../config/schema.ts";
import type { Log } from "../log.ts";
import type { Millis } from "../media/time.ts";
import type { Scheduler } from "../play/fan-out.ts";
import { Relays } from "../relay/relays.ts";
import { Trail } from "../relay/trail.ts";
import type { Redirect } from "../streams/admission.ts";
import type { Ingest } from "../streams/publish.ts";
import type { Sessions } from "../streams/sessions.ts";
import type { Stream } from "../streams/stream.ts";

export type RelayModuleOptions = {
  readonly config: () => Config;
  readonly ingest: () => Ingest;
  readonly find: (path: string) => Stream | undefined;
  readonly isPlayed: (path: string) => boolean;
  readonly sessions: Sessions;
  readonly scheduler: Scheduler;
  readonly log: Log;
  readonly clock: () => Millis;
};

/** When the configuration lets a peer that does not read stay, one that streams are sent to is given up all the same. */
const SEND_TIMEOUT: Millis = 60_000;

/** The relays of a server. */
export function createRelays(options: RelayModuleOptions): Relays {
  const { config, ingest, find, isPlayed, sessions, scheduler, log, clock } = options;
  return new Relays({
    log,
    clock,
    random: Math.random,
    agent: `naru/${version}`,
    sendTimeout: () => config().rtmp.sendTimeout || SEND_TIMEOUT,
    application: (name) => {
      const found = findApplication(config().applications, name);
      return found?.live ? found : undefined;
    },
    applications: () => Object.entries(config().applications).filter(([, { live }]) => live),
    ingest: { publish: (request, now) => ingest().publish(request, now) },
    find,
    isPlayed,
    trail: new Trail(randomBytes(9).toString("base64url")),
    sessions,
    scheduler,
  });
}

/** Carries out what a hook said: a publish goes on to another server, too, and a play is of a stream from there. */
export function redirectBy(relays: Relays): Redirect {
  return ({ kind, target, url }) => {
    if (kind === "publish") relays.pushTo(target.path, url);
    else relays.pullFrom(target.path, url);
  };
}
