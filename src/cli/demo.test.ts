import { afterEach, describe, expect, test } from "bun:test";
import { type Server, startServer } from "../app/server.ts";
import { configSchema } from "../config/schema.ts";
import { silentLog } from "../log.ts";
import { type DemoFallback, type DemoRequest, runDemo } from "./demo.ts";
import { createStyle } from "./terminal.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function startTestServer(rtmpPort = 0): Promise<Server> {
  const config = configSchema.parse({
    rtmp: { listen: `127.0.0.1:${rtmpPort}` },
    http: { listen: "127.0.0.1:0" },
    https: { listen: [] },
  });
  const server = await startServer(config, { log: silentLog });
  servers.push(server);
  return server;
}

/** A port that was free a moment ago. */
function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  listener.stop(true);
  return listener.port;
}

async function demo(request: DemoRequest, fallback?: DemoFallback) {
  let out = "";
  let err = "";
  const io = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    style: createStyle(false),
    env: {},
    cwd: "/",
  };
  const code = await runDemo(request, io, fallback);
  return { code, out, err };
}

describe("naru demo", () => {
  test.each([
    [{ url: "http://h/live/demo" }, "rtmp://HOST[:PORT]/APP/NAME"],
    [{ url: "rtmp://h/live" }, "rtmp://HOST[:PORT]/APP/NAME"],
    [{ seconds: "soon" }, "--seconds"],
    [{ seconds: "0" }, "--seconds"],
  ])("explains a wrong %p", async (request, hint) => {
    const { code, out, err } = await demo(request);
    expect(code).toBe(2);
    expect(out).toBe("");
    expect(err).toContain(hint);
  });

  test("publishes to the server that is named, for as long as asked", async () => {
    const server = await startTestServer();
    const url = `rtmp://127.0.0.1:${server.rtmp[0]?.port}/live/나루?token=secret`;
    const running = demo({ url, seconds: "0.6" });
    await Bun.sleep(400);
    expect(server.streams().map(({ path }) => path)).toEqual(["live/나루"]);
    const { code, out, err } = await running;
    expect(err).toBe("");
    expect(code).toBe(0);
    expect(out).toContain("/live/%EB%82%98%EB%A3%A8/index.m3u8");
    expect(out).toMatch(/Published for \d+ s: \d+ frames/);
    expect(out).not.toContain("secret");
  });

  test("starts a server where none runs, and closes it at the end", async () => {
    const port = freePort();
    const fallback = { url: `rtmp://127.0.0.1:${port}/live/demo`, startServer: () => startTestServer(port) };
    const { code, out } = await demo({ seconds: "0.3" }, fallback);
    expect(code).toBe(0);
    expect(out).toContain("No server was running here");
    expect(out).toContain(`http://127.0.0.1:${servers[0]?.http[0]?.port}/live/demo\n`);
    expect((await demo({ url: fallback.url })).code).toBe(1);
  });

  test("starts none where the user named a server", async () => {
    const fallback = { url: "rtmp://127.0.0.1/live/demo", startServer: () => startTestServer() };
    const { code, err } = await demo({ url: `rtmp://127.0.0.1:${freePort()}/live/demo` }, fallback);
    expect(code).toBe(1);
    expect(err).toContain("nobody listens there");
    expect(servers).toEqual([]);
  });

  test("repeats why the server refuses, with another name to try", async () => {
    const server = await startTestServer();
    const url = `rtmp://127.0.0.1:${server.rtmp[0]?.port}/live/demo`;
    const first = demo({ url, seconds: "0.8" });
    await Bun.sleep(300);
    const second = await demo({ url });
    expect(second.code).toBe(1);
    expect(second.err).toContain("already being published");
    expect(second.err).toContain(`${url}2`);
    expect((await first).code).toBe(0);
  });

  test("ends with an error when the server goes", async () => {
    const server = await startTestServer();
    const running = demo({ url: `rtmp://127.0.0.1:${server.rtmp[0]?.port}/live/demo` });
    await Bun.sleep(300);
    await server.close();
    const { code, err } = await running;
    expect(code).toBe(1);
    expect(err).toContain("ended after");
  });
});
