import { expect, test } from "bun:test";
import { ApiGuard } from "./api-guard.ts";
import { apiSchema } from "./config.ts";

const TOKEN = "a-token-of-24-characters";

test.each([
  ["loopback", {}, "127.0.0.1", { host: "localhost:8080" }, undefined],
  ["loopback as IPv6", {}, "::ffff:127.0.0.1", { host: "127.0.0.1:8080" }, undefined],
  ["without a host", {}, "::1", {}, 403],
  ["anybody else", {}, "192.0.2.1", { host: "naru" }, 403],
  ["an unknown address", {}, undefined, { host: "localhost" }, 403],
  ["anybody else, with a token to be had", { token: TOKEN }, "192.0.2.1", {}, 401],
  ["the token", { token: TOKEN }, "192.0.2.1", { authorization: `Bearer ${TOKEN}` }, undefined],
  ["the token by a proxy", { token: TOKEN }, "::1", { authorization: `bearer ${TOKEN}`, forwarded: "x" }, undefined],
  ["a wrong token from loopback", { token: TOKEN }, "127.0.0.1", { authorization: "Bearer x", host: "localhost" }, 401],
  ["a token where there is none", {}, "127.0.0.1", { authorization: "Bearer x", host: "localhost" }, 401],
  ["a proxy", {}, "127.0.0.1", { host: "localhost", "x-forwarded-for": "192.0.2.1" }, 403],
  ["a page of another site", {}, "127.0.0.1", { host: "localhost:1", origin: "http://evil.example" }, 403],
  ["its own page", {}, "127.0.0.1", { host: "localhost:1", origin: "http://localhost:1" }, undefined],
  ["a name that was bound to loopback", {}, "127.0.0.1", { host: "evil.example", origin: "http://evil.example" }, 403],
  ["an address of the list", { allow: ["10.0.0.0/8"] }, "10.1.1.1", { host: "naru" }, undefined],
  ["loopback, not in the list", { allow: [] }, "127.0.0.1", { host: "localhost" }, 403],
] as const)("%s", (_, config, address, headers, status) => {
  const written = { ...config, ...("allow" in config && { allow: [...config.allow] }) };
  expect(new ApiGuard(apiSchema.parse(written)).refuse({ address, headers })?.status).toBe(status as 401);
});

test("short tokens are none", () => {
  expect(apiSchema.safeParse({ token: "short" }).success).toBe(false);
});
