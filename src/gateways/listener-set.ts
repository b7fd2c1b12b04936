import { formatListen, type ListenAddress } from "../config/units.ts";

type Listener = { readonly address: ListenAddress; close(): unknown };
type Entry<L> = { readonly wanted: ListenAddress; readonly listener: L };

/** The listeners of a gateway, as its list of addresses changes: those that stay are not touched. */
export class ListenerSet<L extends Listener> {
  #entries: readonly Entry<L>[] = [];

  /** @param open listens on all of the addresses, or throws a ListenError and listens on none */
  constructor(private readonly open: (addresses: readonly ListenAddress[]) => readonly L[]) {}

  /** Where it listens, with the ports that were taken where 0 was asked for. */
  get addresses(): readonly ListenAddress[] {
    return this.#entries.map(({ listener }) => listener.address);
  }

  /** The addresses that were asked for. */
  get wanted(): readonly ListenAddress[] {
    return this.#entries.map(({ wanted }) => wanted);
  }

  get listeners(): readonly L[] {
    return this.#entries.map(({ listener }) => listener);
  }

  /** Opens the addresses that are new and closes those that are not wanted any more. @throws ListenError, and all is as before */
  set(wanted: readonly ListenAddress[]): void {
    const dropped = [...this.#entries];
    const kept = wanted.map((address) => {
      const at = dropped.findIndex((entry) => formatListen(entry.wanted) === formatListen(address));
      return at < 0 ? undefined : dropped.splice(at, 1)[0];
    });
    const added = wanted.filter((_, index) => kept[index] === undefined);
    // "8080" cannot be had while "127.0.0.1:8080" is held.
    const inTheWay = dropped.filter((entry) => added.some(({ port }) => port === entry.wanted.port));
    for (const { listener } of inTheWay) listener.close();
    let opened: Entry<L>[];
    try {
      opened = this.#open(added);
    } catch (error) {
      const again = this.#open(inTheWay.map((entry) => entry.wanted));
      this.#entries = [...this.#entries.filter((entry) => !inTheWay.includes(entry)), ...again];
      throw error;
    }
    for (const entry of dropped) if (!inTheWay.includes(entry)) entry.listener.close();
    this.#entries = kept.flatMap((entry) => entry ?? opened.shift() ?? []);
  }

  #open(addresses: readonly ListenAddress[]): Entry<L>[] {
    const listeners = this.open(addresses);
    return addresses.flatMap((wanted, index) => {
      const listener = listeners[index];
      return listener ? [{ wanted, listener }] : [];
    });
  }
}
