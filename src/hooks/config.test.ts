import { describe, expect, test } from "bun:test";
import { configSchema } from "../config/schema.ts";
import { applicationHooksSchema, hooksSchema } from "./config.ts";

const targets = (onPublish: unknown) => applicationHooksSchema.parse({ onPublish }).onPublish;
const mistakes = (onPublish: unknown) =>
  applicationHooksSchema
    .safeParse({ onPublish })
    .error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];

describe("targets", () => {
  test("a function, an address, a program, alone or in a list", () => {
    const call = () => true;
    expect(targets(call)).toEqual([{ kind: "function", call, wait: true }]);
    expect(targets("https://h/x")).toMatchObject([{ kind: "webhook", url: "https://h/x", method: "post", retries: 5 }]);
    expect(
      targets([
        { command: ["a", "$name"], wait: false },
        { url: "http://h", timeout: "2s" },
      ]),
    ).toMatchObject([
      { kind: "command", command: ["a", "$name"], wait: false },
      { kind: "webhook", timeout: 2000 },
    ]);
    expect(targets(undefined)).toEqual([]);
  });

  test.each([
    [7, "onPublish: expected a function"],
    ["ftp://h", "onPublish: expected an http:// or https:// address"],
    [["http://h", { url: "x" }], "onPublish.1.url: expected an http:// or https:// address"],
    [{ url: "http://h", method: "get" }, 'onPublish.method: expected "post"'],
    [{ url: "http://h", headers: { a: "b\r\nc: d" } }, "onPublish.headers.a:"],
    [{ command: [] }, "onPublish.command:"],
    [{ url: "http://h", nonsense: 1 }, "onPublish: Unrecognized key"],
    [Array.from({ length: 65 }, () => "http://h"), "onPublish: expected at most 64 hooks"],
  ])("%p", (written, expected) => {
    expect(mistakes(written).length).toBe(1);
    expect(mistakes(written)[0]).toStartWith(expected);
  });

  test("what is shown holds no secrets", async () => {
    const { settingTree } = await import("../config/tree.ts");
    const { settingValues, writtenValue } = await import("../config/values.ts");
    const hook = { url: "https://u:p4ss@h/x?token=t0ken", secret: "s3cret", headers: { authorization: "b3arer" } };
    const config = configSchema.parse({ hooks: { onConnect: hook } });
    const shown = settingValues(config, settingTree(configSchema)).map(({ node, value }) => writtenValue(node, value));
    expect(JSON.stringify(shown)).toContain('"https://h/x?***"');
    expect(JSON.stringify(shown)).not.toMatch(/p4ss|t0ken|s3cret|b3arer/);
  });

  test("failure refuses, unless it is chosen otherwise", () => {
    expect(hooksSchema.parse({})).toEqual({ onConnect: [], onDisconnect: [], timeout: 10_000, onFailure: "deny" });
  });
});
