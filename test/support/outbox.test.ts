import { expect, test } from "bun:test";
import { Outbox } from "./outbox.ts";

/** A socket that takes `room` bytes in all until more room is made. */
function fakeWire(room: number) {
  const wire = {
    room,
    got: [] as number[],
    over: "",
    write(bytes: Uint8Array) {
      const taken = bytes.subarray(0, wire.room);
      wire.got.push(...taken);
      wire.room -= taken.length;
      return taken.length;
    },
    end: () => (wire.over = "ended"),
    terminate: () => (wire.over = "terminated"),
  };
  return wire;
}

test("keeps what the socket does not take, in order", () => {
  const outbox = new Outbox();
  const wire = fakeWire(4);
  outbox.connect(wire);
  outbox.send(Uint8Array.of(1, 2, 3));
  outbox.send(Uint8Array.of(4, 5, 6));
  outbox.send(Uint8Array.of(7));
  expect(wire.got).toEqual([1, 2, 3, 4]);
  expect([outbox.sent, outbox.unsent]).toEqual([4, 3]);
  wire.room = 9;
  outbox.flush();
  expect(wire.got).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect([outbox.sent, outbox.unsent]).toEqual([7, 0]);
});

test("keeps what is sent before there is a socket", () => {
  const outbox = new Outbox();
  outbox.send(Uint8Array.of(1));
  const wire = fakeWire(9);
  outbox.connect(wire);
  outbox.flush();
  expect(wire.got).toEqual([1]);
});

test("ends the socket behind the last byte, and takes no more", () => {
  const outbox = new Outbox();
  const wire = fakeWire(1);
  outbox.connect(wire);
  outbox.send(Uint8Array.of(1, 2));
  outbox.close();
  outbox.send(Uint8Array.of(3));
  expect(wire.over).toBe("");
  wire.room = 9;
  outbox.flush();
  expect(wire.got).toEqual([1, 2]);
  expect(wire.over).toBe("ended");
});

test("aborts without waiting for a socket that takes nothing", () => {
  const outbox = new Outbox();
  const wire = fakeWire(0);
  outbox.connect(wire);
  outbox.send(Uint8Array.of(1, 2));
  expect(outbox.unsent).toBe(2);
  outbox.abort();
  expect(wire.over).toBe("terminated");
  expect(outbox.unsent).toBe(0);
});
