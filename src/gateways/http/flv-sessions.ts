import type { Millis } from "../../media/time.ts";
import type { PlaySource } from "../../play/feeds.ts";
import {
  type Admission,
  type AdmissionTarget,
  type PlayRange,
  type Redirect,
  renamed,
  type Verdict,
} from "../../streams/admission.ts";
import type { Client } from "../../streams/client.ts";
import type { Sessions } from "../../streams/sessions.ts";
import { applicationOf } from "../../streams/stream-path.ts";
import type { FlvCounts, FlvDoor, FlvNews, FlvVisit } from "./flv-door.ts";

export type FlvSessionsOptions = {
  readonly plays: PlaySource;
  readonly sessions: Sessions;
  readonly admission: Admission;
  /** Without, a redirected play is refused. */
  readonly redirect?: Redirect;
  readonly now: () => Millis;
};

/** As of an RTMP player that says nothing. */
const RANGE: PlayRange = { start: 0, duration: 0, reset: false };

/** Lets players of FLV in, as players of RTMP are, and enters them into the sessions. */
export class FlvSessions implements FlvDoor {
  constructor(private readonly options: FlvSessionsOptions) {}

  enter(visit: FlvVisit, tell: (news: FlvNews) => void, counts: () => FlvCounts): (reason: string) => void {
    const { plays, sessions, admission, redirect, now } = this.options;
    const { path, query, ...from } = visit;
    const app = applicationOf(path);
    const asked: AdmissionTarget = { path, app, name: path.slice(app.length + 1), query, args: query };
    const client: Client = { ...from, id: sessions.nextClientId(), connectedAt: now(), app, swfUrl: "" };
    let endSession: ((reason: string) => void) | undefined;
    let disconnect: (() => void) | undefined;
    let isOver = false;
    const leave = (reason: string): void => {
      isOver = true;
      endSession?.(reason);
      disconnect?.();
    };
    const drop = (reason: string): void => {
      if (isOver) return;
      leave(reason);
      tell({ type: "drop", reason });
    };
    const begin = (target: AdmissionTarget): void => {
      const { bytesOut: before } = counts();
      endSession = sessions.begin({
        client,
        kind: "play",
        target,
        since: now(),
        stats: () => {
          const { bytesOut, dropped, timestamp } = counts();
          return { bytesIn: 0, bytesOut: bytesOut - before, dropped, timestamp, avSync: 0 };
        },
        drop,
        redirect: (name) => {
          if (isOver || name === target.name) return;
          endSession?.(`redirected to ${name}`);
          const next = renamed(target, name);
          begin(next);
          tell({ type: "play", path: next.path });
        },
      });
    };
    const admit = (verdict: Verdict): void => {
      if (isOver) return;
      if (verdict.type === "deny" || (verdict.type === "redirect" && !redirect)) {
        isOver = true;
        tell({ type: "refused", reason: verdict.type === "deny" ? verdict.reason : "it is at another server" });
        return;
      }
      const target = verdict.type === "allow" || verdict.name === undefined ? asked : renamed(asked, verdict.name);
      if (verdict.type === "redirect") redirect?.({ client, kind: "play", target, url: verdict.url });
      if (!plays.policy(target.path) || !plays.exists(target.path)) {
        tell({ type: "none" });
        return;
      }
      const stats = () => ({ bytesIn: 0, bytesOut: counts().bytesOut });
      disconnect = sessions.connect({ client, stats, drop });
      begin(target);
      tell({ type: "play", path: target.path });
    };
    const verdict = plays.policy(path) ? admission.play(client, asked, RANGE) : undefined;
    if (verdict instanceof Promise) void verdict.then(admit);
    else if (verdict) admit(verdict);
    else tell({ type: "none" });
    return leave;
  }
}
