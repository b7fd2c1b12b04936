/** Follows the server's wall clock from its answers, so that a viewer's wrong clock does not show as latency. */
export class ServerClock {
  #offset: number | undefined;
  #roundTrip = Number.POSITIVE_INFINITY;

  /** @param serverTime what the server said; `asked` and `answered` by the viewer's clock. All in ms since the epoch. */
  learn(serverTime: number, asked: number, answered: number): void {
    const roundTrip = answered - asked;
    // The quickest answer says it best; an old one is trusted a little less each time, since clocks drift.
    if (roundTrip > this.#roundTrip) {
      this.#roundTrip += 1;
      return;
    }
    this.#roundTrip = roundTrip;
    this.#offset = serverTime - (asked + answered) / 2;
  }

  /** The server's time now. */
  at(now: number): number {
    return now + (this.#offset ?? 0);
  }
}
