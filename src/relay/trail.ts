/** Relays one behind the other that a stream may come by. */
const MAX_HOPS = 8;

/** Tells a stream that has been here before by the marks of the servers that relayed it. */
export class Trail {
  /** @param server a random name, new with each start */
  constructor(private readonly server: string) {}

  /** What a relayed stream bears further. */
  next(path: string, via: readonly string[]): readonly string[] {
    return [...via, this.#mark(path)];
  }

  /** Why a stream that came by these servers may not be taken as, or given out of, this path; undefined when it may. */
  objection(path: string, via: readonly string[]): string | undefined {
    if (via.includes(this.#mark(path))) return `a relay loop: "${path}" has come by this server before`;
    return via.length > MAX_HOPS ? `the stream has come by more than ${MAX_HOPS} relays` : undefined;
  }

  /** The path itself may hold a secret. */
  #mark(path: string): string {
    // FNV-1a.
    let hash = 0x811c_9dc5;
    for (let i = 0; i < path.length; i++) hash = Math.imul(hash ^ path.charCodeAt(i), 0x0100_0193) >>> 0;
    return `${this.server}-${hash.toString(36)}`;
  }
}
