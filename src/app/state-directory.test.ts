import { expect, test } from "bun:test";
import { stateDirectory } from "./state-directory.ts";

test("the state directory is the first that is given", () => {
  const home = "/home/u";
  for (const [env, expected] of [
    [{}, "/home/u/.local/state/naru"],
    [{ XDG_STATE_HOME: "/x" }, "/x/naru"],
    [{ XDG_STATE_HOME: "relative" }, "/home/u/.local/state/naru"],
    [{ XDG_STATE_HOME: "/x", STATE_DIRECTORY: "/var/lib/naru:/var/lib/other" }, "/var/lib/naru"],
    [{ STATE_DIRECTORY: "/var/lib/naru", NARU_STATE_DIR: "/data" }, "/data"],
    [{ NARU_STATE_DIR: "", STATE_DIRECTORY: "" }, "/home/u/.local/state/naru"],
  ] as const) {
    expect(stateDirectory(env, home)).toBe(expected);
  }
  expect(stateDirectory({}, "")).toBeUndefined();
});
