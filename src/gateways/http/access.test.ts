import { afterAll, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { TemporaryDirectory } from "../../../test/support/directory.ts";
import { AccessGate } from "./access.ts";
import { httpSchema } from "./config.ts";
import { Htpasswd, parseHtpasswd, verifyPassword } from "./htpasswd.ts";
import { Responses } from "./responses.ts";

const basic = (login: string) => `Basic ${btoa(login)}`;

describe("a gate", () => {
  const rules = [{ allow: "10.0.0.1" }, { deny: "10.0.0.0/8" }];
  const held = new TemporaryDirectory();
  const kept = held.join("users");
  writeFileSync(kept, "a:{PLAIN}one\n");
  afterAll(() => held[Symbol.dispose]());

  test.each([
    [{ rules }, "10.0.0.1", "", 200],
    [{ rules }, "10.0.0.2", "", 403],
    [{ rules }, "192.0.2.1", "", 200],
    [{ rules, users: kept }, "10.0.0.1", "", 401],
    [{ rules, users: kept }, "10.0.0.1", "a:one", 200],
    [{ rules, users: kept }, "10.0.0.1", "a:two", 401],
    [{ rules, users: kept }, "10.0.0.2", "a:one", 403],
    [{ rules, users: kept, satisfy: "any" }, "10.0.0.1", "", 200],
    [{ rules, users: kept, satisfy: "any" }, "10.0.0.2", "", 401],
    [{ rules, users: kept, satisfy: "any" }, "10.0.0.2", "a:one", 200],
    // No rule names it.
    [{ rules, users: kept, satisfy: "any" }, "192.0.2.1", "", 401],
    [{ users: held.join("none") }, "10.0.0.1", "a:one", 401],
  ] as const)("%j, from %s as %p: %d", async (written, address, login, status) => {
    const { access } = httpSchema.parse({
      access: { ...written, ...("rules" in written && { rules: [...written.rules] }) },
    });
    if (!access) throw new Error("no access");
    const gate = new AccessGate(access, new Responses(""), () => {});
    const headers: Record<string, string> = login === "" ? {} : { authorization: basic(login) };
    const refused = await gate.refuse(new Request("http://x/", { headers }), address);
    expect(refused?.status ?? 200).toBe(status);
    expect(refused?.headers.has("www-authenticate") ?? false).toBe(status === 401);
  });
});

test.each([
  [
    "$2y$04$",
    "bcrypt",
    async () => (await Bun.password.hash("pw", { algorithm: "bcrypt", cost: 4 })).replace("$2b$", "$2y$"),
  ],
  ["apr1", "htpasswd -m", async () => "$apr1$3RfMy//z$Yi7zeYugK0Qbx5kgkvaPt."],
  ["{SHA}", "htpasswd -s", async () => `{SHA}${new Bun.CryptoHasher("sha1").update("pw").digest("base64")}`],
  ["{PLAIN}", "nginx", async () => "{PLAIN}pw"],
])("a password as %s (%s)", async (_, __, make) => {
  const hash = await make();
  expect(await verifyPassword("pw", hash)).toBe(true);
  expect(await verifyPassword("pw2", hash)).toBe(false);
  expect(await verifyPassword("", hash)).toBe(false);
});

test("a form that is not known lets nobody in", async () => {
  for (const hash of ["pw", "rl.3StKT.4T8M", "$y$j9T$x$y", ""]) expect(await verifyPassword("pw", hash)).toBe(false);
});

test("lines of a file of passwords", () => {
  expect([...parseHtpasswd("# x\na:1:comment\n\nb\nc:\r\na:2\nd:3\r\n")]).toEqual([
    ["a", "1"],
    ["d", "3"],
  ]);
});

test.each([null, "", "Bearer x", "Basic", "Basic !", basic("a"), basic("b:one"), `Basic ${"A".repeat(5000)}`])(
  "%p is nobody",
  async (header) => {
    using directory = new TemporaryDirectory();
    writeFileSync(directory.join("users"), "a:{PLAIN}one\n");
    expect(await new Htpasswd(directory.join("users"), () => {}).knows(header)).toBe(false);
  },
);

test("a file that is gone lets nobody in, and is logged once", async () => {
  using directory = new TemporaryDirectory();
  const file = directory.join("users");
  writeFileSync(file, "a:{PLAIN}one\n");
  const failures: string[] = [];
  let now = 1;
  const list = new Htpasswd(
    file,
    (message) => failures.push(message),
    () => (now += 1000),
  );
  expect(await list.knows(basic("a:one"))).toBe(true);
  rmSync(file);
  expect(await list.knows(basic("a:one"))).toBe(false);
  expect(await list.knows(basic("a:one"))).toBe(false);
  expect(failures).toHaveLength(1);
});
