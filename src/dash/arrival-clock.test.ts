import { expect, test } from "bun:test";
import { ArrivalClock } from "./arrival-clock.ts";

const START = 1_000_000_000;

test("the earliest counts, and is forgotten after a while", () => {
  const clock = new ArrivalClock();
  expect(clock.offset).toBeUndefined();
  const offset = () => Math.round((clock.offset ?? 0) * 1000) - START;
  const observe = (seconds: number, late: number) => clock.observe(seconds, START + seconds * 1000 + late);
  observe(0, 700);
  observe(1, 200);
  observe(2, 350);
  expect(offset()).toBe(200);
  for (let seconds = 3; seconds < 11; seconds++) observe(seconds, 600);
  expect(offset()).toBe(200);
  for (let seconds = 11; seconds < 25; seconds++) observe(seconds, 600);
  expect(offset()).toBe(600);
  observe(25, 100);
  expect(offset()).toBe(100);
});

test("what came before a long pause does not count", () => {
  const clock = new ArrivalClock();
  clock.observe(0, START);
  clock.observe(60, START + 65_000);
  expect(clock.offset).toBe(START / 1000 + 5);
});
