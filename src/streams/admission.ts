import type { Client } from "./client.ts";

/** A stream that a client asks for. */
export type AdmissionTarget = {
  /** `application/name` */
  readonly path: string;
  readonly app: string;
  readonly name: string;
  /** Everything behind `?` in app, tcUrl and name; may carry secrets, so it is never logged. */
  readonly query: string;
  /** What stood behind `?` in the name alone. */
  readonly args?: string;
  /** Of the publish command: `live`, `record` or `append`. */
  readonly publishType?: string;
};

/** What the play command says beside the name (RTMP 1.0 7.2.2.1), as it came: clients send milliseconds, and -2000 for -2. */
export type PlayRange = { readonly start: number; readonly duration: number; readonly reset: boolean };

export type Verdict =
  | { readonly type: "allow" }
  /** The reason is told to the client. */
  | { readonly type: "deny"; readonly reason: string }
  /** As if it had asked for this name (of a connect: for this application). */
  | { readonly type: "rename"; readonly name: string }
  /** The stream is sent on to, or fetched from, another server. `name`: what it is called here, when not as asked for. */
  | { readonly type: "redirect"; readonly url: string; readonly name?: string };

/** Who is let in. A verdict that is known at once is not a promise. A promise is never rejected. */
export interface Admission {
  connect(client: Client): Verdict | Promise<Verdict>;
  publish(client: Client, target: AdmissionTarget): Verdict | Promise<Verdict>;
  play(client: Client, target: AdmissionTarget, range: PlayRange): Verdict | Promise<Verdict>;
}

/** Lets everybody in. */
export const ALLOW_ALL: Admission = {
  connect: () => ALLOW,
  publish: () => ALLOW,
  play: () => ALLOW,
};

const ALLOW: Verdict = { type: "allow" };

/** The same stream under another name of its application. */
export function renamed(target: AdmissionTarget, name: string): AdmissionTarget {
  return { ...target, name, path: `${target.app}/${name}` };
}

export type Redirection = {
  readonly client: Client;
  readonly kind: "publish" | "play";
  /** What it is called here. */
  readonly target: AdmissionTarget;
  readonly url: string;
};

/** Sends a stream on to, or fetches it from, where the client was sent: once a publish has begun, before a play begins. */
export type Redirect = (redirection: Redirection) => void;
