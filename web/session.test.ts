import { describe, expect, test } from "bun:test";
import { FIRST_SESSION, nextSession, type Phase, type ServerState, type Session } from "./session.ts";

type PlayerEvent = "playing" | "stalled" | "ended" | "failed" | "unsupported";
/** `ended` is what the server says, `finished` what the player says. */
const SERVER: readonly string[] = ["none", "starting", "live", "waiting", "ended", "unreachable"];

/** Feeds words such as `live playing stalled`, a second apart. */
function run(words: string, from: Session = FIRST_SESSION): Session {
  let session = from;
  let now = 0;
  for (const word of words.split(" ")) {
    now += 1000;
    session = SERVER.includes(word)
      ? nextSession(session, { type: "server", state: word as ServerState }, now)
      : nextSession(session, { type: "player", event: (word === "finished" ? "ended" : word) as PlayerEvent }, now);
  }
  return session;
}

describe("the watch page", () => {
  test.each<[string, Phase, boolean]>([
    ["none", "not-live", false],
    ["none none live", "starting", true],
    ["none live playing", "playing", true],
    ["live playing live live", "playing", true],
    ["waiting", "waiting", false],
    ["none starting", "starting", false],
    ["starting live", "starting", true],
    ["live playing waiting stalled starting", "waiting", true],
    ["waiting live", "starting", true],
    ["unreachable", "offline", false],
    ["unreachable live", "starting", true],
    // What is buffered plays on.
    ["live playing starting", "playing", true],
    ["live playing unreachable", "playing", true],
    // The server shows the last picture meanwhile: it moves, and is not the stream.
    ["live playing waiting", "waiting", true],
    ["live playing waiting playing playing", "waiting", true],
    ["live playing waiting playing live", "buffering", true],
    ["live playing waiting playing live playing", "playing", true],
    ["live playing stalled", "buffering", true],
    ["live playing waiting stalled", "waiting", true],
    ["live playing stalled waiting", "waiting", true],
    ["live playing waiting stalled live", "buffering", true],
    ["live playing waiting stalled live playing", "playing", true],
    ["live playing finished", "ended", false],
    ["live playing finished none", "ended", false],
    ["live playing finished none none live", "buffering", true],
    ["live playing waiting stalled none", "ended", false],
    ["live unsupported", "unsupported", false],
    ["live unsupported live", "unsupported", false],
    ["live unsupported none live", "starting", true],
    ["live failed", "starting", false],
    ["live failed live live", "starting", true],
    ["live playing failed none", "ended", false],
  ])("%s: %s", (words, phase, attached) => {
    const session = run(words);
    expect([session.phase, session.attached]).toEqual([phase, attached]);
  });

  test("tries again when somebody else publishes, or other codecs, though the stream never went away", () => {
    let session = nextSession(FIRST_SESSION, { type: "server", state: "live", media: "12:00 HEVC" }, 0);
    session = nextSession(session, { type: "player", event: "unsupported" }, 1000);
    session = nextSession(session, { type: "server", state: "live", media: "12:00 HEVC" }, 2000);
    expect([session.phase, session.attached]).toEqual(["unsupported", false]);
    session = nextSession(session, { type: "server", state: "live", media: "12:01 H.264" }, 3000);
    expect([session.phase, session.attached]).toEqual(["starting", true]);
  });

  test("waits longer after each failure, and not for ever", () => {
    let session = run("live");
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      session = nextSession(session, { type: "player", event: "failed" }, 0);
      waits.push(session.retryAt);
      session = nextSession(session, { type: "server", state: "live" }, session.retryAt - 1);
      expect(session.attached).toBe(false);
      session = nextSession(session, { type: "server", state: "live" }, session.retryAt);
      expect(session.attached).toBe(true);
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 8000, 8000, 8000, 8000]);
  });

  test("hears nothing from a player that is gone", () => {
    const ended = run("live playing finished");
    expect(nextSession(ended, { type: "player", event: "playing" }, 9000)).toBe(ended);
  });
});
