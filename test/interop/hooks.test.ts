import { describe, expect } from "bun:test";
import { createHmac } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { publishWithFfmpeg, watchWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { startNginx } from "../support/clients/nginx.ts";
import { clip } from "../support/clips.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { startNaru } from "../support/naru.ts";
import { freePort } from "../support/ports.ts";
import { until } from "../support/process.ts";
import { testWith } from "../support/requires.ts";

type Call = { readonly path: string; readonly method: string; readonly headers: Headers; readonly text: string };

/** Who is called; answers by the name of the stream. */
class CallbackServer implements Disposable {
  readonly calls: Call[] = [];
  readonly #server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      const text = request.method === "GET" ? search.slice(1) : await request.text();
      const call = { path: pathname, method: request.method, headers: request.headers, text };
      this.calls.push(call);
      return this.answer(call);
    },
  });

  constructor(readonly answer: (call: Call) => Response) {}

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true);
  }
}

const callbacks = (url: string) =>
  [
    ...["publish", "play", "publish_done", "play_done", "done", "update", "record_done"].map(
      (call) => `on_${call} ${url}/${call};`,
    ),
    "notify_update_timeout 1s;",
  ].join("\n");

/** What both servers are told to do. */
const conf = (rtmp: number, url: string, recordings: string) => `
rtmp { server {
  listen 127.0.0.1:${rtmp};
  on_connect ${url}/connect;
  on_disconnect ${url}/disconnect;
  application live { live on; record all; record_path ${recordings}; ${callbacks(url)} }
  application get { live on; notify_method get; on_publish ${url}/publish; on_publish_done ${url}/publish_done; }
} }`;

/** A call without what differs by nature: numbers of connections, times, ports, directories. */
function normalised({ path, method, text }: Call): string {
  const fields = text
    .replace(/(?<=clientid=)\d+/, "N")
    .replace(/(?<=epoch=)\d+/, "T")
    .replace(/(?<=\btime=)\d+/, "T")
    .replace(/(?<=timestamp=)\d+/, "T")
    .replace(/(?<=127\.0\.0\.1:)\d+/, "PORT")
    .replace(/(?<=&path=)[^&]*\//, "");
  return `${method} ${path.replace(/^\/\w+/, "")} ${fields}`;
}

/**
 * The calls of each connection in their order, repeated updates once; connections in the order of what they said. Those of
 * several connections, and at the end, nginx makes all at once, so that they come in any order.
 */
function flows(calls: readonly Call[]): readonly (readonly string[])[] {
  const lasting = calls.filter((call) => !call.text.includes("call=update") || isOfTest(call));
  const byClient = Map.groupBy(lasting, ({ text }) => /clientid=(\d+)/.exec(text)?.[1] ?? "none");
  return [...byClient.values()]
    .map((own) => [...new Set(own.map(normalised))])
    .map((own) => [...own.filter((call) => !comesAnywhere(call)), ...own.filter(comesAnywhere).sort()])
    .sort((a, b) => (a.join() < b.join() ? -1 : 1));
}

const comesAnywhere = (call: string): boolean =>
  /call=(connect|record_done|play_done|publish_done|done|disconnect)/.test(call);

/** Whether it is about the stream that lasts until it is told of; whether others last so long is chance. */
const isOfTest = ({ text }: Call): boolean => text.includes("name=test");

/** @param told resolves when the server has told a call with these words */
async function playScript(rtmp: number, file: string, told: (words: string) => Promise<unknown>): Promise<void> {
  const url = (path: string) => `rtmp://127.0.0.1:${rtmp}/${path}`;
  const others = ["live/denied", "live/renamed?a=1", "get/some?x=y"].map((path) =>
    publishWithFfmpeg(file, url(path), { output: ["-t", "0.6"] })
      .end(20_000)
      .catch(() => {}),
  );
  await using publisher = publishWithFfmpeg(file, url("live/test?b=2&c=%20"), { loop: true });
  await told("call=update_publish");
  {
    await using _ = watchWithFfmpeg(url("live/test?q=7"));
    await told("call=update_play");
  }
  await publisher.stop("SIGINT");
  await Promise.all(others);
}

describe("hooks", () => {
  testWith("ffmpeg", "nginx")(
    "the callbacks of an nginx.conf are called as nginx-rtmp calls them",
    async () => {
      using server = new CallbackServer(({ text }) => {
        if (text.includes("name=denied")) return new Response(null, { status: 403 });
        if (text.includes("call=publish&name=renamed"))
          return new Response(null, { status: 302, headers: { location: "other" } });
        return new Response();
      });
      using recordings = new TemporaryDirectory();
      const ports = { rtmp: await freePort(), http: await freePort() };
      const http = `http { server { listen 127.0.0.1:${ports.http}; } }`;
      await using _nginx = await startNginx(
        `${conf(ports.rtmp, `${server.url}/nginx`, recordings.path)} ${http}`,
        ports.http,
      );
      await using naru = await startNaru({
        nginxConf: ({ rtmp, http }, directory) =>
          `${conf(rtmp, `${server.url}/naru`, `${directory}/recordings`)}
           http { server { listen 127.0.0.1:${http}; location /hls { root ${directory}; } } }`,
      });
      const file = await clip("h264-aac");
      const of = (name: string) => server.calls.filter(({ path }) => path.startsWith(`/${name}/`));
      const told = (name: string) => (words: string) =>
        until(
          words,
          15_000,
          async () => of(name).some((call) => isOfTest(call) && call.text.includes(words)) || undefined,
        );
      await Promise.all([playScript(ports.rtmp, file, told("nginx")), playScript(naru.ports.rtmp, file, told("naru"))]);
      const flowsOf = () => [flows(of("nginx")), flows(of("naru"))] as const;
      await until("the same calls", 5000, async () => Bun.deepEquals(...flowsOf()) || undefined).catch(() => {});
      const [nginx, ours] = flowsOf();
      expect(ours).toEqual(nginx);
      const said = nginx.flat().join("\n");
      for (const call of ["connect", "publish", "play", "update_publish", "update_play", "record_done", "disconnect"])
        expect(said).toContain(`call=${call}`);
    },
    40_000,
  );

  testWith("ffmpeg")(
    "functions, signed webhooks and programs decide and are told; a reload changes them",
    async () => {
      const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
      let refusals = 1;
      using server = new CallbackServer(({ path }) => {
        if (path === "/done" && refusals-- > 0) return new Response(null, { status: 503 });
        if (path === "/rename") return Response.json({ rename: "renamed" });
        return new Response();
      });
      const config = (ports: { rtmp: number; http: number }, isOpen: boolean, directory: string) => `
        import { defineConfig, type PublishEvent } from "naru";
        const byName = ({ name }: PublishEvent) => (name === "secret" ? { deny: "not this one" } : ${isOpen});
        export default defineConfig({
          rtmp: { listen: "127.0.0.1:${ports.rtmp}" },
          http: { listen: "127.0.0.1:${ports.http}" },
          https: { listen: [] },
          applications: {
            live: {
              hooks: {
                onPublish: [
                  byName,
                  { url: "${server.url}/rename", secret: "${secret}", stream: "first" },
                  { command: ["sh", "-c", "cat > ${directory}/event.json; echo too loud >&2; test $name != loud"] },
                ],
                onPublishDone: { url: "${server.url}/done", secret: "${secret}" },
              },
            },
          },
        });`;
      await using naru = await startNaru({ configModule: (ports, directory) => config(ports, true, directory) });
      const file = await clip("h264-aac");
      const publish = (name: string) =>
        publishWithFfmpeg(file, naru.publishUrl(`live/${name}?k=1`), { output: ["-t", "1"] }).end(20_000);
      const refused = async (name: string, reason: string) => {
        await publish(name).catch(() => {});
        await until(reason, 5000, async () => (naru.process.output.includes(reason) ? true : undefined));
      };
      await refused("secret", "not this one");
      await refused("loud", "too loud");
      await publish("first");
      expect(naru.process.output).toContain("publish started path=live/renamed");
      const event = JSON.parse(readFileSync(naru.directory.join("event.json"), "utf8"));
      expect(event).toMatchObject({ type: "publish", name: "first", args: "k=1", client: { address: "127.0.0.1" } });

      const done = await until("told again", 10_000, async () => {
        const calls = server.calls.filter(({ path }) => path === "/done");
        return calls.length >= 2 ? calls : undefined;
      });
      expect(new Set(done.map(({ headers }) => headers.get("webhook-id"))).size).toBe(1);
      for (const { headers, text } of server.calls) {
        const signed = `${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.${text}`;
        const key = Buffer.from(secret.slice("whsec_".length), "base64");
        const signature = createHmac("sha256", key).update(signed).digest("base64");
        expect(headers.get("webhook-signature")).toBe(`v1,${signature}`);
      }
      expect(JSON.parse(done[0]?.text ?? "")).toMatchObject({
        type: "publish_done",
        data: { name: "renamed", askedName: "first" },
      });

      writeFileSync(naru.directory.join("naru.config.ts"), config(naru.ports, false, naru.directory.path));
      naru.process.signal("SIGHUP");
      await until("reload", 5000, async () => (/changed.*onPublish/.test(naru.process.output) ? true : undefined));
      await refused("first", "not allowed here");
      expect(naru.process.output).not.toContain(secret);
    },
    40_000,
  );
});
