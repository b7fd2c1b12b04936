import type { FlvDoor, FlvVisit } from "./flv-door.ts";
import type { FlvPlayer } from "./flv-player.ts";
import type { FlvRelays } from "./flv-relay.ts";

/** Why a play does not begin, or is ended: it may not be, there is no such stream, or it sends nothing. */
export type FlvEnd = "denied" | "none" | "late";

export type FlvPlayEvents = {
  /** There is something to send, from now on. */
  begins(): void;
  ends(end: FlvEnd, reason: string): void;
};

/** How long a player waits for a stream that exists and sends nothing. */
const BEGIN_MS = 10_000;

/** One player from its request to its end: is let in, plays, leaves. */
export class FlvPlay {
  #leaveDoor: ((reason: string) => void) | undefined;
  #leaveRelay: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #begun = false;
  #over: string | undefined;

  constructor(
    private readonly relays: FlvRelays,
    private readonly door: FlvDoor,
    private readonly player: FlvPlayer,
    private readonly events: FlvPlayEvents,
  ) {}

  enter(visit: FlvVisit, viewer: number): void {
    const leave = this.door.enter(
      visit,
      (news) => {
        if (this.#over !== undefined) return;
        if (news.type === "play") this.#play(news.path, viewer);
        else if (news.type === "none") this.#end("none", `there is no stream ${visit.path}`);
        else this.#end("denied", news.reason);
      },
      () => this.player.counts(),
    );
    this.#leaveDoor = leave;
    // It may have ended while it entered.
    if (this.#over !== undefined) leave(this.#over);
  }

  /** Harmless when called twice. */
  leave(reason: string): void {
    if (this.#over !== undefined) return;
    this.#over = reason;
    clearTimeout(this.#timer);
    this.#leaveRelay?.();
    this.#leaveDoor?.(reason);
  }

  #play(path: string, viewer: number): void {
    this.#leaveRelay?.();
    clearTimeout(this.#timer);
    if (!this.#begun) this.#timer = setTimeout(() => this.#end("late", `${path} has no media yet`), BEGIN_MS);
    const onBegin = (result: "begins" | "none") => {
      clearTimeout(this.#timer);
      if (result === "none") this.#end("none", `there is no stream ${path}`);
      else if (!this.#begun) {
        this.#begun = true;
        this.events.begins();
      }
    };
    const leave = this.relays.play(path, { player: this.player, id: viewer, onBegin });
    if (this.#over === undefined) this.#leaveRelay = leave;
    else leave();
  }

  #end(end: FlvEnd, reason: string): void {
    if (this.#over !== undefined) return;
    this.leave(reason);
    this.events.ends(end, reason);
  }
}
