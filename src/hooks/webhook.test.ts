import { describe, expect, test } from "bun:test";
import type { HookEvent } from "./event.ts";
import type { ResolvedWebhook } from "./target.ts";
import { sign, webhookRequest, webhookVerdict } from "./webhook.ts";

const target = (more: Partial<ResolvedWebhook> = {}): ResolvedWebhook => ({
  kind: "webhook",
  url: "https://h/x",
  method: "post",
  format: "json",
  headers: {},
  retries: 0,
  wait: true,
  hashRedirects: false,
  ...more,
});
const event = {
  id: "msg_1",
  at: "2026-01-02T03:04:05.678Z",
  type: "disconnect",
  client: { id: 1, app: "live" },
} as unknown as HookEvent;

// The example of the specification of Standard Webhooks, and of its libraries' tests.
test("signs as Standard Webhooks has it", () => {
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  expect(sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, '{"test": 2432232314}')).toBe(
    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  );
});

test("JSON, the same for each attempt but for its time", () => {
  const [first, second] = [1000, 1001].map((at) => webhookRequest(target({ secret: "s" }), event, at));
  expect(first?.body).toBe(
    '{"type":"disconnect","timestamp":"2026-01-02T03:04:05.678Z","data":{"client":{"id":1,"app":"live"}}}',
  );
  expect(second?.body).toBe(first?.body);
  expect(first?.headers).toMatchObject({ "webhook-id": "msg_1", "webhook-timestamp": "1000" });
  expect(first?.headers["webhook-signature"]).toBe(sign("s", "msg_1", 1000, first?.body ?? ""));
  expect(second?.headers["webhook-signature"]).not.toBe(first?.headers["webhook-signature"]);
  expect(webhookRequest(target(), event, 1).headers).not.toHaveProperty("webhook-signature");
});

test("a form goes into the body, or behind the address", () => {
  const post = webhookRequest(target({ format: "form" }), event, 1);
  expect(post).toMatchObject({ url: "https://h/x", method: "POST" });
  expect(post.body).toStartWith("app=live&flashver=");
  const get = (url: string) => webhookRequest(target({ url, format: "form", method: "get" }), event, 1);
  expect(get("https://h/x").url).toStartWith("https://h/x?app=live&");
  expect(get("https://h/x?a=1").url).toStartWith("https://h/x?a=1&app=live&");
  expect(get("https://h/x").body).toBeUndefined();
});

describe("an answer", () => {
  const [form, json] = [target({ format: "form" }), target()];
  const verdict = (to: ResolvedWebhook, status: number, more: { location?: string; json?: string } = {}) =>
    webhookVerdict(to, { status, location: more.location, json: more.json });

  test.each([
    [form, 204, {}, { type: "allow" }],
    [form, 403, {}, { type: "deny", reason: "not allowed here" }],
    [form, 500, {}, { type: "deny", reason: "not allowed here" }],
    [form, 302, {}, { type: "allow" }],
    [form, 302, { location: "other" }, { type: "rename", name: "other" }],
    [form, 301, { location: "rtmp://h/a/b" }, { type: "redirect", url: "rtmp://h/a/b" }],
    [json, 200, { json: "" }, { type: "allow" }],
    [json, 200, { json: "{}" }, { type: "allow" }],
    [json, 200, { json: "false" }, { type: "deny", reason: "not allowed here" }],
    [json, 200, { json: '{"deny":"why"}' }, { type: "deny", reason: "why" }],
    [json, 200, { json: '{"rename":"x"}' }, { type: "rename", name: "x" }],
    [json, 200, { json: '{"redirect":"rtmp://a/b","name":"c"}' }, { type: "redirect", url: "rtmp://a/b", name: "c" }],
    [json, 403, { json: '{"deny":"why"}' }, { type: "deny", reason: "why" }],
    [json, 403, { json: '{"rename":"x"}' }, { type: "deny", reason: "not allowed here" }],
    [json, 302, { location: "x" }, { type: "rename", name: "x" }],
  ] as const)("%#: %o", (to, status, more, expected) => {
    expect(verdict(to, status, more)).toEqual(expected);
  });

  test.each([
    [500, {}],
    [200, { json: "<html>" }],
    [200, { json: '"text"' }],
    [200, { json: '{"rename":7}' }],
  ] as const)("%d %o decides nothing", (status, more) => {
    expect(() => verdict(json, status, more)).toThrow("answer");
  });

  test("a redirected stream may be called by the MD5 of its address, as nginx-rtmp does", () => {
    const location = "rtmp://127.0.0.1:18935/target/there?x=1";
    expect(verdict(target({ format: "form", hashRedirects: true }), 302, { location })).toEqual({
      type: "redirect",
      url: location,
      name: "0b70131234628136528ba097f37b7adc",
    });
  });
});
