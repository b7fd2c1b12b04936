import { expect, test } from "bun:test";
import { answerAtDoor } from "./plain-door.ts";

const challenges = { "tok_en-1": "tok_en-1.thumb" };
const ask = (url: string, redirectTo?: number) =>
  answerAtDoor(new Request(url), { challenges, redirectTo, cors: "https://a.example" });

test("an authority gets its answer, also where all others are sent away", async () => {
  for (const redirectTo of [undefined, 443]) {
    const response = ask("http://a.example/.well-known/acme-challenge/tok_en-1", redirectTo);
    expect(await response?.text()).toBe("tok_en-1.thumb");
  }
});

test.each(["/.well-known/acme-challenge/other", "/.well-known/acme-challenge/toString", "/live/a/index.m3u8", "/"])(
  "%s is for others to answer",
  (path) => expect(ask(`http://a.example${path}`)).toBeUndefined(),
);

test.each([
  ["http://a.example/live/a?x=%2e", 443, "https://a.example/live/a?x=%2e"],
  ["http://a.example:8080/", 8443, "https://a.example:8443/"],
  ["http://[::1]:8080/a", 8443, "https://[::1]:8443/a"],
  ["http://a.example//b.example/", 443, "https://a.example//b.example/"],
])("%s is sent to port %d", (url, port, location) => {
  const response = ask(url, port);
  expect(response?.status).toBe(301);
  expect(response?.headers.get("location")).toBe(location);
  expect(response?.headers.get("access-control-allow-origin")).toBe("https://a.example");
  expect(response?.headers.get("cache-control")).toBe("max-age=3600");
});
