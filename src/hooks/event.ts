import type { Client } from "../streams/client.ts";

/** Of every event. */
type Told = {
  /** The event's own; the same each time that it is told again. */
  readonly id: string;
  /** When it was, as ISO 8601 in UTC. */
  readonly at: string;
};

/** The stream that an event is about. */
type OfStream = Told & {
  /** `application/name` */
  readonly path: string;
  readonly app: string;
  readonly name: string;
  /** What the client asked for, before hooks renamed it. */
  readonly askedName: string;
  /** Everything that stood behind `?` in the client's addresses. */
  readonly query: string;
  /** What stood behind `?` in the stream's name alone. */
  readonly args: string;
};
type OfSession = OfStream & { readonly client: Client };

/** Of a publish or play that is, or was, let in. */
type Counted = {
  /** Since it was let in. */
  readonly seconds: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
};

/** Somebody connects. Decides. */
export type ConnectEvent = Told & { readonly type: "connect"; readonly client: Client };
/** Somebody who was let in has left. */
export type DisconnectEvent = Told & { readonly type: "disconnect"; readonly client: Client };
/** Somebody wants to publish. Decides. */
export type PublishEvent = OfSession & {
  readonly type: "publish";
  /** `live`, `record` or `append`. */
  readonly publishType: string;
};
/** Somebody wants to play. Decides. */
export type PlayEvent = OfSession & {
  readonly type: "play";
  /** As the client sent it: most send milliseconds, -2000 for a live stream. */
  readonly start: number;
  readonly duration: number;
  readonly reset: boolean;
};
export type PublishDoneEvent = OfSession & Counted & { readonly type: "publish_done"; readonly reason: string };
export type PlayDoneEvent = OfSession & Counted & { readonly type: "play_done"; readonly reason: string };
/** A publish or a play has ended. */
export type DoneEvent = OfSession &
  Counted & { readonly type: "done"; readonly kind: "publish" | "play"; readonly reason: string };
/** While somebody publishes or plays, again and again. A denial ends it. */
export type UpdateEvent = OfSession &
  Counted & {
    readonly type: "update_publish" | "update_play";
    /** Of the latest media, in milliseconds. */
    readonly timestamp: number;
  };
/** A file of a recording; its client is who published the stream, where that is known. */
type OfFile = OfStream & {
  readonly client?: Client;
  /** Its name; empty for nginx-rtmp's nameless one. */
  readonly recorder: string;
  /** Path of the file. */
  readonly file: string;
};
export type RecordStartedEvent = OfFile & { readonly type: "record_started" };
export type RecordDoneEvent = OfFile & {
  readonly type: "record_done";
  /** Of media. */
  readonly seconds: number;
  readonly bytes: number;
  /** Why the file ended. */
  readonly reason: string;
};

export type HookEvent =
  | ConnectEvent
  | DisconnectEvent
  | PublishEvent
  | PlayEvent
  | PublishDoneEvent
  | PlayDoneEvent
  | DoneEvent
  | UpdateEvent
  | RecordStartedEvent
  | RecordDoneEvent;

/** What of an event is its own. */
export type HookDetails = HookEvent extends infer E ? (E extends HookEvent ? Omit<E, keyof Told> : never) : never;

/** What a hook may answer. Nothing, or true: let in. */
export type HookAnswer =
  | undefined
  | boolean
  /** Refused; a text is told to the client. */
  | { readonly deny: string | boolean }
  /** As if the client had asked for this name (of a connect: for this application). */
  | { readonly rename: string }
  /** The stream is sent on to, or fetched from, another server. `name`: what it is called here. */
  | { readonly redirect: string; readonly name?: string };

/** A hook as a function of `naru.config.ts`. What it answers counts where the event decides. */
export type HookFunction<E extends HookEvent = HookEvent> = (
  event: E,
  // biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing is one of these
) => HookAnswer | void | Promise<HookAnswer | void>;
