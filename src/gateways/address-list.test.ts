import { expect, test } from "bun:test";
import { AddressList, parseNetwork } from "./address-list.ts";

test.each([
  ["10.0.0.0/8", "10.2.3.4", true],
  ["10.0.0.0/8", "11.0.0.1", false],
  ["10.0.0.0/8", "::ffff:10.2.3.4", true],
  ["10.2.3.4", "10.2.3.4", true],
  ["10.2.3.4", "10.2.3.5", false],
  ["0.0.0.0/0", "1.2.3.4", true],
  ["0.0.0.0/0", "fd00::1", false],
  ["fd00::/8", "fd12::1", true],
  ["::1", "::1", true],
  ["::1", "127.0.0.1", false],
  ["all", "fe80::1", true],
  ["all", undefined, true],
  ["10.0.0.0/8", undefined, false],
] as const)("%s has %s: %p", (network, address, has) => {
  expect(new AddressList([network]).has(address)).toBe(has);
});

test.each(["", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "::1/129", "localhost", "unix:"])(
  "%p is no network",
  (text) => expect(parseNetwork(text)).toBeUndefined(),
);
