import { describe, expect, test } from "bun:test";
import { configSchema } from "../schema.ts";
import { readNginx } from "./read.ts";

const includes = { read: () => "", glob: () => [] };
const read = (body: string, server = "") =>
  readNginx({
    file: "nginx.conf",
    text: `rtmp { server { listen 1935; ${server} application live { live on; ${body} } } }`,
    allowUnsupported: false,
    includes,
  });
const live = (body: string, server?: string) => configSchema.parse(read(body, server).layer.value).applications.live;

describe("push and pull of an nginx.conf", () => {
  test("are retried as nginx-rtmp does, and buffer as much", () => {
    expect(live("push rtmp://a.example/live2/key; push b.example:1936;")?.push).toMatchObject([
      { url: "rtmp://a.example/live2/key", reconnect: 3000, untilUnpublish: false },
      { url: "b.example:1936", reconnect: 3000 },
    ]);
    expect(live("pull rtmp://a.example/cam;")?.pull).toMatchObject([
      { url: "rtmp://a.example/cam", reconnect: 3000, buffer: 5000, always: false, live: false },
    ]);
  });

  test("take their keys, and what the blocks around say", () => {
    const keys = "app=a name=here playPath=there tcUrl=rtmp://t/a pageUrl=p swfUrl=s flashVer=f live=1 start=5 stop=9";
    const common = {
      app: "a",
      stream: "here",
      name: "there",
      tcUrl: "rtmp://t/a",
      pageUrl: "p",
      swfUrl: "s",
      flashVer: "f",
    };
    expect(live(`pull rtmp://h/x ${keys} static;`, "pull_reconnect 1s; relay_buffer 2s;")?.pull).toMatchObject([
      { ...common, live: true, start: 5, stop: 9, always: true, reconnect: 1000, buffer: 2000 },
    ]);
    expect(live(`push rtmp://h/x ${keys}; session_relay on;`, "push_reconnect 500ms;")?.push).toMatchObject([
      { ...common, reconnect: 500, untilUnpublish: true },
    ]);
  });

  test("with mistakes are refused by line, and secrets are not repeated", () => {
    const mistakes = (body: string) => read(body).mistakes.map(({ message }) => message);
    expect(mistakes("pull rtmp://h/x static;")).toEqual(["a static pull needs the name of its stream"]);
    expect(mistakes("push rtmp://h/x color=red;")).toEqual(['"color" is no key of push']);
    expect(mistakes("push http://h/x/secret;")).toEqual(['no address of an RTMP server: "***"']);
    const rows = read("push rtmp://user:word@h/x/secret?t=1;").nginx.find(({ text }) => text.startsWith("push"));
    expect(rows).toMatchObject({ status: "mapped", note: "applications.live.push: rtmp://h/x/***" });
  });
});
