import { describe, expect, test } from "bun:test";
import { type Admission, ALLOW_ALL } from "../streams/admission.ts";
import type { Client } from "../streams/client.ts";
import { AccessAdmission, mayEnter } from "./access.ts";
import { accessSchema } from "./config.ts";

describe("access rules", () => {
  const onlyLocal = [{ allow: "127.0.0.1", for: "publish" }, { deny: "all", for: "publish" }, { deny: "10.0.0.0/8" }];
  test.each([
    [[], "publish", "1.2.3.4", true],
    [onlyLocal, "publish", "127.0.0.1", true],
    [onlyLocal, "publish", "127.0.0.2", false],
    [onlyLocal, "play", "127.0.0.2", true],
    [onlyLocal, "play", "10.255.0.1", false],
    [onlyLocal, "play", "11.0.0.1", true],
    [[{ deny: "all" }], "play", "::1", false],
    [[{ allow: "192.168.0.0/16" }, { deny: "all" }], "play", "::ffff:192.168.3.4", true],
    [[{ deny: "::ffff:192.168.0.0/112" }], "play", "192.168.3.4", false],
    [[{ allow: "2001:db8::/32" }, { deny: "all" }], "publish", "2001:db8:1::5", true],
    [[{ allow: "2001:db8::/32" }, { deny: "all" }], "publish", "2001:db9::5", false],
    [[{ deny: "0.0.0.0/0" }], "play", "::1", true],
    [[{ allow: "1.2.3.4" }, { deny: "1.2.3.4" }], "play", "1.2.3.4", true],
  ] as const)("%j: may %s from %s: %s", (rules, kind, address, expected) => {
    expect(mayEnter(accessSchema.parse(rules), kind, address)).toBe(expected);
  });

  test.each([[{}], [{ allow: "all", deny: "all" }], [{ deny: "10.0.0.0/33" }], [{ deny: "example.com" }]])(
    "%j is no rule",
    (rule) => expect(accessSchema.safeParse([rule]).success).toBe(false),
  );

  test("come before the hooks, which are not asked about whom they keep out", () => {
    const asked: string[] = [];
    const next: Admission = {
      ...ALLOW_ALL,
      publish: ({ address }) => {
        asked.push(address);
        return { type: "deny", reason: "no" };
      },
    };
    const rules = accessSchema.parse([{ deny: "10.0.0.1" }]);
    const admission = new AccessAdmission((app) => (app === "live" ? rules : undefined), next);
    const target = { path: "live/a", app: "live", name: "a", query: "" };
    const from = (address: string) => admission.publish({ address } as Client, target);
    expect(from("10.0.0.1")).toEqual({ type: "deny", reason: "this address may not publish here" });
    expect(asked).toEqual([]);
    expect(from("10.0.0.2")).toEqual({ type: "deny", reason: "no" });
    expect(
      admission.play(
        { address: "10.0.0.1" } as Client,
        { ...target, app: "other" },
        {
          start: 0,
          duration: 0,
          reset: false,
        },
      ),
    ).toEqual({ type: "allow" });
  });
});
