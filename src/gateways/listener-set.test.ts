import { describe, expect, test } from "bun:test";
import { formatListen, type ListenAddress, parseListen } from "../config/units.ts";
import { ListenerSet } from "./listener-set.ts";

/** A machine on which each port can be had once, and port 13 never. */
class Machine {
  readonly log: string[] = [];
  readonly #taken = new Set<number>();
  #free = 50_000;

  readonly open = (addresses: readonly ListenAddress[]) => {
    const opened: { address: ListenAddress; close: () => void }[] = [];
    for (const { host, port } of addresses) {
      const got = port === 0 ? this.#free++ : port;
      if (got === 13 || this.#taken.has(got)) {
        for (const listener of opened) listener.close();
        throw new Error(`cannot have ${got}`);
      }
      this.#taken.add(got);
      const address = { host, port: got };
      this.log.push(`+${formatListen(address)}`);
      const close = () => {
        this.#taken.delete(got);
        this.log.push(`-${formatListen(address)}`);
      };
      opened.push({ address, close });
    }
    return opened;
  };
}

const parse = (...texts: string[]) => texts.map((text) => parseListen(text) as ListenAddress);

describe("a set of listeners", () => {
  test.each<[string, string[], string[], string[]]>([
    ["nothing when nothing changes", ["1", "2"], ["1", "2"], []],
    ["nothing when the order changes", ["1", "2"], ["2", "1"], []],
    ["what is new, before what is not wanted is closed", ["1", "2"], ["2", "3"], ["+3", "-1"]],
    ["all of them", ["1"], [], ["-1"]],
    ["the same port on another host, after it is free", ["127.0.0.1:1", "2"], ["1", "2"], ["-127.0.0.1:1", "+1"]],
    ["one of two free ports", ["0", "0"], ["0"], ["-50001"]],
    ["a free port more", ["0"], ["0", "0"], ["+50001"]],
  ])("touches %s", (_, before, after, log) => {
    const machine = new Machine();
    const set = new ListenerSet(machine.open);
    set.set(parse(...before));
    machine.log.length = 0;
    set.set(parse(...after));
    expect(machine.log).toEqual(log);
    expect(set.addresses.length).toBe(after.length);
  });

  test("is as before when an address cannot be had", () => {
    const machine = new Machine();
    const set = new ListenerSet(machine.open);
    set.set(parse("1", "127.0.0.1:2"));
    expect(() => set.set(parse("2", "13"))).toThrow("cannot have 13");
    expect(set.addresses.map(formatListen).sort()).toEqual(["1", "127.0.0.1:2"]);
  });
});
