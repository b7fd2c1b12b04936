import { describe, expect, test } from "bun:test";
import { configSchema } from "../config/schema.ts";
import { settingTree } from "../config/tree.ts";
import { isMeant, pullSchema, pushSchema } from "./config.ts";
import { destinationOf } from "./destination.ts";

describe("targets and sources", () => {
  test("are URLs, or groups with one", () => {
    expect(pushSchema.parse(["rtmp://a/x", { url: "rtmps://b/y", reconnect: "5s" }])).toEqual([
      { url: "rtmp://a/x", insecure: false, untilUnpublish: false },
      { url: "rtmps://b/y", insecure: false, untilUnpublish: false, reconnect: 5000 },
    ]);
  });

  const wrong: readonly (readonly [string, unknown])[] = [
    ["another protocol", ["http://a/x"]],
    ["a port that is none", ["rtmp://a:70000/x"]],
    ["an unknown key", [{ url: "rtmp://a/x", pusch: 1 }]],
    ["no URL", [{ name: "x" }]],
  ];
  for (const [name, value] of wrong)
    test(`${name} is refused`, () => expect(pushSchema.safeParse(value).success).toBe(false));

  test("a source that is always pulled has a stream's name", () => {
    expect(pullSchema.safeParse([{ url: "rtmp://a/x", always: true }]).success).toBe(false);
    expect(pullSchema.safeParse([{ url: "rtmp://a/x", always: true, stream: "cam*" }]).success).toBe(false);
    expect(pullSchema.safeParse([{ url: "rtmp://a/x", always: true, stream: "cam" }]).success).toBe(true);
  });

  test("are shown without what may be secret", () => {
    const applications = settingTree(configSchema);
    const application = applications.kind === "group" ? applications.fields.get("applications") : undefined;
    const fields =
      application?.kind === "map" && application.value.kind === "group" ? application.value.fields : undefined;
    const push = fields?.get("push");
    const item = push?.kind === "list" && push.item.kind === "typed" ? push.item : undefined;
    const target = { url: "rtmp://user:word@h/live2/key1?t=key2", name: "key3", tcUrl: "rtmp://h/live2?k=key4" };
    const shown = JSON.stringify(item?.write(target));
    expect(shown).toContain("rtmp://h/live2/***");
    expect(shown).not.toMatch(/key\d|word|user/);
  });

  test("are for the streams that they name", () => {
    expect(isMeant(undefined, "x")).toBe(true);
    expect(isMeant("x", "xy")).toBe(false);
    expect(isMeant("cam*", "cam/1")).toBe(true);
    expect(isMeant("*_low", "a_low")).toBe(true);
    expect(isMeant("a.c*", "abc")).toBe(false);
  });
});

describe("where a stream goes", () => {
  const at = (url: string, more: object = {}) =>
    destinationOf({ url, insecure: false, ...more }, { app: "live", name: "a/b" });
  const cases: readonly (readonly [string, object, object])[] = [
    ["rtmp://h", {}, { app: "live", name: "a/b", tcUrl: "rtmp://h/live", port: 1935, tls: false }],
    ["rtmp://h/out", {}, { app: "out", name: "a/b", tcUrl: "rtmp://h/out" }],
    ["rtmp://h/out?t=1", {}, { app: "out", name: "a/b?t=1", shown: "rtmp://h/out/***" }],
    ["rtmp://h:1936/out/key?t=1", {}, { name: "key?t=1", tcUrl: "rtmp://h:1936/out", shown: "rtmp://h:1936/out/***" }],
    ["rtmps://[::1]/out/x/key", {}, { host: "::1", port: 443, name: "x/key", tcUrl: "rtmps://[::1]/out", tls: true }],
    ["rtmp://u:p%40w@h/out/key", {}, { credentials: { user: "u", password: "p@w" }, tcUrl: "rtmp://h/out" }],
    ["rtmp://h/a/b", { app: "c/d", name: "e", tcUrl: "rtmp://t/u" }, { app: "c/d", name: "e", tcUrl: "rtmp://t/u" }],
  ];
  for (const [url, more, expected] of cases) {
    test(`${url} ${JSON.stringify(more)}`, () => expect(at(url, more)).toMatchObject(expected));
  }
});
