// biome-ignore-all lint/suspicious/noTemplateCurlyInString: so variables are written
import { describe, expect, test } from "bun:test";
import { toEnvironment, toPlainCommand } from "./command.ts";
import { parseRedirection } from "./redirection.ts";
import { substitute } from "./substitute.ts";

const variables = { app: "live", name: "test", args: "k=v&x=1", addr: "" };

/** What nginx-rtmp makes of them. */
test.each([
  ["$app", "live"],
  ["$name_low", "test_low"],
  ["${name}x", "testx"],
  ["rtmp://localhost/$app/$name?$args", "rtmp://localhost/live/test?k=v&x=1"],
  ["$nope|${nope}|", "||"],
  ["\\$name", "$name"],
  ["a\\\\b", "a\\b"],
  ["$5$", "5"],
  ["$$name", "test"],
  ["${name", "test"],
  ["$addr.", "."],
  ["$toString", ""],
  ["100%", "100%"],
])("%j becomes %j", (text, expected) => {
  expect(substitute(text, variables)).toBe(expected);
});

test("what a variable holds is not looked at again", () => {
  expect(substitute("$name", { name: "$app \\ ${app}" })).toBe("$app \\ ${app}");
});

test.each([
  [">/tmp/log", { descriptor: 1, to: { type: "file", mode: "w", path: "/tmp/log" } }],
  ["2>>/tmp/a b", { descriptor: 2, to: { type: "file", mode: "a", path: "/tmp/a b" } }],
  ["<in", { descriptor: 0, to: { type: "file", mode: "r", path: "in" } }],
  ["3<in", { descriptor: 3, to: { type: "file", mode: "r", path: "in" } }],
  ["2>&1", { descriptor: 2, to: { type: "descriptor", descriptor: 1 } }],
  [">&2", { descriptor: 1, to: { type: "descriptor", descriptor: 2 } }],
] as const)("%j redirects", (argument, expected) => {
  expect(parseRedirection(argument)).toEqual(expected);
});

test.each(["", ">", "2", "a>b", "2>&", "2>&x", "-filter:v>1", "12>x"])("%j does not redirect", (argument) => {
  expect(parseRedirection(argument)).toBeUndefined();
});

describe("a command", () => {
  test("keeps the order of its arguments, and its redirections beside them", () => {
    expect(toPlainCommand(["ffmpeg", "-i", "$name", ">/tmp/$name.log", "2>&1", "-y"], variables)).toEqual({
      program: "ffmpeg",
      args: ["-i", "test", "-y"],
      redirections: [
        { descriptor: 1, to: { type: "file", mode: "w", path: "/tmp/test.log" } },
        { descriptor: 2, to: { type: "descriptor", descriptor: 1 } },
      ],
    });
  });

  test("is not redirected by what a client calls its stream", () => {
    expect(toPlainCommand(["echo", "$name"], { name: ">/etc/passwd" })).toEqual({
      program: "echo",
      args: [">/etc/passwd"],
      redirections: [],
    });
  });

  test("of the server has no variables", () => {
    expect(toPlainCommand(["echo", "$name", "\\"], undefined).args).toEqual(["$name", "\\"]);
  });
});

test.each([
  [undefined, { PATH: "/bin", A: "1" }],
  [["A", "B=2=3", "C", "D="], { A: "1", B: "2=3", D: "" }],
  [[], {}],
] as const)("environment %j", (wanted, expected) => {
  expect(toEnvironment(wanted, { PATH: "/bin", A: "1", GONE: undefined })).toEqual(expected);
});
