import type { MediaEvent, Packet } from "../media/event.ts";
import type { TrackId } from "../media/track.ts";

/** Moves a stream's times behind what was put in between. */
export class TimeShift {
  readonly #timescales = new Map<TrackId, number>();
  #seconds = 0;

  /** Makes `packet`, and all that follows, come no earlier than `end`, in seconds. */
  moveBehind(end: number, packet: Packet): void {
    const time = packet.dts / (this.#timescales.get(packet.track) ?? 1);
    this.#seconds = Math.max(this.#seconds, end - time);
  }

  apply(event: MediaEvent): MediaEvent {
    if (event.type === "tracks") {
      this.#timescales.clear();
      for (const track of event.tracks) this.#timescales.set(track.id, track.timescale);
    }
    if (this.#seconds === 0 || (event.type !== "packet" && event.type !== "data")) return event;
    const ticks = Math.round(this.#seconds * (this.#timescales.get(event.track) ?? 1));
    if (event.type === "data") return { ...event, pts: event.pts + ticks };
    return { ...event, dts: event.dts + ticks, pts: event.pts + ticks };
  }
}
