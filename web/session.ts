/** What the watch page is about; each has its text. */
export type Phase =
  | "connecting"
  | "not-live"
  | "starting"
  | "playing"
  | "buffering"
  | "waiting"
  | "ended"
  | "unsupported"
  | "offline";

/** What the server last said of the stream. */
export type ServerState = "none" | "starting" | "live" | "waiting" | "ended" | "unreachable";

export type SessionInput =
  /** `media`: who sends and what, as far as a player's success depends on it. */
  | { readonly type: "server"; readonly state: ServerState; readonly media?: string }
  /** `failed`: the player gave up after its own repairs. `unsupported`: the browser lacks a codec. */
  | { readonly type: "player"; readonly event: "playing" | "stalled" | "ended" | "failed" | "unsupported" };

export type Session = {
  readonly phase: Phase;
  /** A player exists. */
  readonly attached: boolean;
  readonly server: ServerState | undefined;
  readonly media: string | undefined;
  readonly played: boolean;
  /** Failures since it last played. */
  readonly failures: number;
  /** No new player before this time, in ms. */
  readonly retryAt: number;
};

export const FIRST_SESSION: Session = {
  phase: "connecting",
  attached: false,
  server: undefined,
  media: undefined,
  played: false,
  failures: 0,
  retryAt: 0,
};

const MAX_BACKOFF_MS = 8_000;

/** The next state. A change of `attached` asks the page to make or to remove the player. */
export function nextSession(session: Session, input: SessionInput, now: number): Session {
  return input.type === "server" ? onServer(session, input, now) : onPlayer(session, input.event, now);
}

function onServer(before: Session, input: Extract<SessionInput, { type: "server" }>, now: number): Session {
  const { state: server, media = before.media } = input;
  const session = { ...before, server, media };
  // What is buffered still plays; the player says when it is over. A waiting server may show the last picture meanwhile.
  if (session.attached && session.phase === "playing" && server !== "waiting") return session;
  switch (server) {
    case "unreachable":
      return { ...session, phase: "offline" };
    case "starting":
      return { ...session, phase: session.played ? "waiting" : "starting" };
    case "waiting":
      return { ...session, phase: "waiting" };
    case "none":
    case "ended":
      return { ...session, attached: false, phase: session.played || server === "ended" ? "ended" : "not-live" };
    case "live":
      if (session.attached) return { ...session, phase: session.phase === "starting" ? "starting" : "buffering" };
      // Until the stream goes away, or comes back as another one, the same codecs would fail again.
      if ((session.phase === "unsupported" && media === before.media) || now < session.retryAt) return session;
      return { ...session, attached: true, phase: session.played ? "buffering" : "starting" };
  }
}

function onPlayer(session: Session, event: Extract<SessionInput, { type: "player" }>["event"], now: number): Session {
  if (!session.attached) return session;
  switch (event) {
    case "playing":
      return { ...session, phase: session.server === "waiting" ? "waiting" : "playing", played: true, failures: 0 };
    case "stalled":
      if (session.phase !== "playing") return session;
      return { ...session, phase: session.server === "waiting" ? "waiting" : "buffering" };
    case "ended":
      return { ...session, phase: "ended", attached: false, server: "ended", retryAt: now + 1000 };
    case "unsupported":
      return { ...session, phase: "unsupported", attached: false };
    case "failed": {
      const failures = session.failures + 1;
      const backoff = Math.min(500 * 2 ** failures, MAX_BACKOFF_MS);
      const phase = session.played ? "buffering" : "starting";
      return { ...session, phase, attached: false, failures, retryAt: now + backoff };
    }
  }
}
