import { describe, expect, test } from "bun:test";
import { configSchema } from "../schema.ts";
import { readNginx } from "./read.ts";

const includes = { read: () => "", glob: () => [] };
const read = (text: string) => readNginx({ file: "nginx.conf", text, allowUnsupported: false, includes });
const resolve = (text: string) => {
  const { layer, mistakes } = read(text);
  expect(mistakes).toEqual([]);
  return configSchema.parse(layer.value);
};
const live = (body: string, server = "", rtmp = "") =>
  resolve(`rtmp { ${rtmp} server { listen 1935; ${server} application live { live on; ${body} } } }`);

const target = (url: string, more: object = {}) => ({
  kind: "webhook",
  url,
  format: "form",
  method: "post",
  retries: 0,
  wait: true,
  hashRedirects: false,
  headers: {},
  ...more,
});

describe("callbacks", () => {
  test.each([
    ["on_publish", "onPublish"],
    ["on_play", "onPlay"],
    ["on_publish_done", "onPublishDone"],
    ["on_play_done", "onPlayDone"],
    ["on_done", "onDone"],
    ["on_update", "onUpdate"],
    ["on_record_done", "onRecordDone"],
    ["on_record_started", "onRecordStarted"],
  ] as const)("%s, wherever it stands; the innermost counts", (name, key) => {
    const url = "http://127.0.0.1:8080/auth";
    const hooks = (config: ReturnType<typeof live>) => config.applications.live?.hooks[key];
    expect<unknown>(hooks(live(`${name} ${url};`))).toEqual([target(url)]);
    expect<unknown>(hooks(live("", `${name} ${url};`))).toEqual([target(url)]);
    expect<unknown>(hooks(live(`${name} ${url};`, "", `${name} http://other/;`))).toEqual([target(url)]);
  });

  test("options", () => {
    const options = `notify_method get; notify_relay_redirect on; notify_update_timeout 5s; notify_update_strict on;`;
    const { hooks } = live(`on_publish http://a/; ${options}`, "netcall_timeout 3s;").applications.live ?? {};
    expect(hooks).toMatchObject({
      onPublish: [target("http://a/", { method: "get", hashRedirects: true, timeout: 3000 })],
      updateEvery: 5000,
      updateStrict: true,
    });
  });

  test("https, and addresses without a scheme", () => {
    expect<unknown>(live("on_publish https://a/b;").applications.live?.hooks.onPublish).toEqual([
      target("https://a/b"),
    ]);
    expect<unknown>(live("on_publish 127.0.0.1:80/b;").applications.live?.hooks.onPublish).toEqual([
      target("http://127.0.0.1:80/b"),
    ]);
    const { mistakes } = read("rtmp { server { listen 1; application a { on_publish http://; } } }");
    expect(mistakes.map(({ code }) => code)).toEqual(["nginx-wrong-arguments"]);
  });

  test("connections: of the whole server, by the method of its applications", () => {
    const { hooks } = live("notify_method get;", "on_connect http://a/; on_disconnect http://b/;");
    expect(hooks).toMatchObject({
      onConnect: [target("http://a/", { method: "get" })],
      onDisconnect: [target("http://b/", { method: "get" })],
    });
  });

  test("connections: each server's own are those of its applications", () => {
    const text = `rtmp { server { listen 1; on_connect http://a/; application x { } }
      server { listen 2; on_connect http://b/; application y { } } }`;
    const { layer } = readNginx({ file: "nginx.conf", text, allowUnsupported: true, includes });
    const { hooks, applications } = configSchema.parse(layer.value);
    expect(hooks.onConnect).toEqual([]);
    expect<unknown>(applications.x?.hooks.onConnect).toEqual([target("http://a/")]);
    expect<unknown>(applications.y?.hooks.onConnect).toEqual([target("http://b/")]);
  });

  test("a recorder has its own", () => {
    const body = `on_record_done http://a/; record all; record_path /tmp;
      recorder one { on_record_done http://b/; } recorder two { }`;
    expect<unknown>(live(body).applications.live?.hooks.onRecordDone).toEqual([
      target("http://a/", { recorder: "" }),
      target("http://b/", { recorder: "one" }),
      target("http://a/", { recorder: "two" }),
    ]);
  });
});
