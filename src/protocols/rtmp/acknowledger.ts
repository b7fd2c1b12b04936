/** Used until the peer names a window: some encoders never do, and stop without acknowledgements. */
const DEFAULT_WINDOW = 2_500_000;

/** Counts received bytes and says when they are to be acknowledged (RTMP 1.0 5.4.3): at half of the window. */
export class Acknowledger {
  #received = 0;
  #acknowledged = 0;
  #window = DEFAULT_WINDOW;

  /** Bytes received, not wrapped. */
  get received(): number {
    return this.#received;
  }

  /** The peer's Window Acknowledgement Size; 0 is ignored. */
  setWindow(size: number): void {
    if (size > 0) this.#window = size;
  }

  /** Counts bytes; returns the number to acknowledge, modulo 2^32, when it is time. */
  count(bytes: number): number | undefined {
    this.#received += bytes;
    if (this.#received - this.#acknowledged < this.#window / 2) return undefined;
    this.#acknowledged = this.#received;
    return this.#received % 0x1_0000_0000;
  }
}
