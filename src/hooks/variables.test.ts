import { expect, test } from "bun:test";
import type { HookEvent } from "./event.ts";
import { hookVariables } from "./variables.ts";

const client = { address: "1.2.3.4", app: "live", query: "k=1", flashVer: "f", swfUrl: "s", tcUrl: "t", pageUrl: "p" };
const stream = { app: "live@1936", name: "a/b", args: "x=1" };
const ofClient = { addr: "1.2.3.4", flashver: "f", swfurl: "s", tcurl: "t", pageurl: "p" };

test.each([
  [
    { type: "connect", client },
    { app: "live", ...ofClient, args: "k=1" },
  ],
  [
    { type: "publish", client, ...stream },
    { app: "live", ...ofClient, name: "a/b", args: "x=1" },
  ],
  [
    { type: "record_done", ...stream, recorder: "r", file: "/d/e/f.x.flv" },
    {
      app: "live@1936",
      ...{ addr: "", flashver: "", swfurl: "", tcurl: "", pageurl: "" },
      ...{ name: "a/b", args: "x=1", recorder: "r" },
      ...{ path: "/d/e/f.x.flv", filename: "f.x.flv", basename: "f.x", dirname: "/d/e" },
    },
  ],
])("%o", (event, variables) => {
  expect(hookVariables(event as unknown as HookEvent)).toEqual(variables);
});
