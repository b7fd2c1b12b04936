import { describe, expect } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { startNginx } from "../support/clients/nginx.ts";
import { clip } from "../support/clips.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { startNaru } from "../support/naru.ts";
import { freePort } from "../support/ports.ts";
import { start, until } from "../support/process.ts";
import { testWith } from "../support/requires.ts";
import { type Element, parseXml, shapeOf } from "../support/statistics.ts";

type Ports = { readonly rtmp: number; readonly http: number };

/** What both servers are given: everything that one may order, and who is let in. */
const conf = ({ rtmp, http }: Ports, directory: string) => `
rtmp {
    server {
        listen 127.0.0.1:${rtmp};
        application live {
            live on;
            recorder all { record all manual; record_path ${directory}/rec; record_suffix .flv; }
        }
        application other { live on; }
        application files { play ${directory}/rec; }
    }
}
http {
    server {
        listen 127.0.0.1:${http};
        location = /stat { rtmp_stat all; rtmp_stat_stylesheet stat.xsl; }
        location /global { rtmp_stat global; }
        location /lively { rtmp_stat live; }
        location /control { rtmp_control all; }
        location /records { rtmp_control record; }
        location /closed { rtmp_stat all; allow 127.0.0.2; deny all; }
        location /login { auth_basic "x y"; auth_basic_user_file ${directory}/htpasswd; root ${directory}; }
        location /either { satisfy any; allow 127.0.0.1; deny all; auth_basic x; auth_basic_user_file ${directory}/htpasswd; root ${directory}; }
        location /neither { satisfy any; allow 127.0.0.2; deny all; auth_basic x; auth_basic_user_file ${directory}/htpasswd; root ${directory}; }
        location /both { allow 127.0.0.2; deny all; auth_basic x; auth_basic_user_file ${directory}/htpasswd; root ${directory}; }
    }
}
`;

/** The same script for both: what they answer and what it does. */
async function play(rtmp: string, http: string): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = {};
  const order = async (path: string): Promise<string> => {
    const response = await fetch(`${http}${path}`);
    const body = response.status === 200 ? await response.text() : "";
    return `${response.status} ${body.replace(/^.*\//, "")}`.trim();
  };
  const stat = async (path = "/stat") => parseXml(await (await fetch(`${http}${path}`)).text());
  const live = async (): Promise<Element> => {
    const [root] = (await stat()).children;
    const server = root?.children.find(({ name }) => name === "server");
    const application = server?.children.find(({ children }) => children[0]?.text === "live");
    const found = application?.children.find(({ name }) => name === "live");
    if (!found) throw new Error("no live in the statistics");
    return found;
  };
  /** `name: clients`, `publishing` behind it. */
  const streams = async () =>
    (await live()).children
      .filter(({ name }) => name === "stream")
      .map(({ children }) => {
        const of = (wanted: string) => children.find(({ name }) => name === wanted);
        return `${of("name")?.text}: ${of("nclients")?.text}${of("publishing") ? " publishing" : ""}`;
      })
      .sort();
  const become = async (wanted: readonly string[]) => {
    let last: readonly string[] = [];
    await until(`streams ${wanted}`, 8_000, async () => {
      last = await streams();
      return Bun.deepEquals(last, wanted) ? true : undefined;
    }).catch(() => {});
    return last;
  };
  const watch = (name: string) =>
    start("ffmpeg", ["-v", "error", "-nostdin", "-i", `${rtmp}/live/${name}`, "-c", "copy", "-f", "null", "-"]);

  await using publisher = publishWithFfmpeg(await clip("h264-aac"), `${rtmp}/live/test`, { loop: true });
  seen.published = await become(["test: 1 publishing"]);
  await using one = watch("test");
  await using two = watch("test");
  await using waiting = watch("wait");
  seen.watched = await become(["test: 3 publishing", "wait: 1"]);
  await until("the second player's media", 8_000, async () => {
    const times = (await live()).children.flatMap(({ children }) =>
      children
        .filter(({ name }) => name === "client")
        .map(({ children: of }) => of.find(({ name }) => name === "timestamp")?.text),
    );
    return times.filter((time) => Number(time) > 0).length >= 3 ? true : undefined;
  });
  seen.all = shapeOf(await stat());
  seen.global = shapeOf(await stat("/global"));
  seen.live = shapeOf(await stat("/lively"));

  seen.records = [];
  for (const query of ["start", "start", "stop", "stop"]) {
    (seen.records as unknown[]).push(await order(`/control/record/${query}?app=live&name=test&rec=all`));
    if (query === "start") await Bun.sleep(700);
  }
  seen.wrong = [];
  for (const path of [
    "/control/record/start?app=live&name=test&rec=none",
    "/control/record/start?app=live&name=nobody&rec=all",
    "/control/record/start?srv=7&app=live&name=test&rec=all",
    "/control/record/pause?app=live&name=test&rec=all",
    "/control/drop/everybody?app=live",
    "/control/drop/client?srv=x&app=live",
    "/control/drop/client?app=none",
    "/control/drop/client?app=live&clientid=999999",
    "/control/drop/client?app=live&addr=127.0.0.9",
    "/control/redirect/publisher?app=live&name=test",
    "/control/what/ever",
    "/control",
    "/records/drop/client?app=live",
    "/closed",
  ]) {
    (seen.wrong as unknown[]).push([path, await order(path)]);
  }

  seen.redirected = await order("/control/redirect/publisher?app=live&name=test&newname=moved");
  seen.afterRedirect = (await become(["moved: 1 publishing", "test: 2", "wait: 1"])).slice(0, 1);
  seen.dropped = await order("/control/drop/subscriber?app=live&name=wait");
  await waiting.end(8_000);
  seen.droppedPublisher = await order("/control/drop/publisher?app=live&name=moved&addr=127.0.0.1");
  await publisher.end(8_000).catch(() => {});
  seen.rest = (await streams()).filter((line) => line.includes("publishing"));

  seen.logins = [];
  for (const path of ["login", "either", "neither", "both"]) {
    for (const login of ["", "apr:one", "sha:two", "bcrypt:three", "crypt:four", "apr:two", "nobody:one"]) {
      const headers: Record<string, string> = login === "" ? {} : { authorization: `Basic ${btoa(login)}` };
      const { status, headers: got } = await fetch(`${http}/${path}/file.txt`, { headers });
      (seen.logins as unknown[]).push([path, login, status, got.get("www-authenticate")]);
    }
  }
  await Promise.all([one.stop(), two.stop()]);
  return seen;
}

async function fill(directory: string): Promise<void> {
  mkdirSync(`${directory}/rec`, { recursive: true });
  for (const path of ["login", "either", "neither", "both"]) {
    mkdirSync(`${directory}/${path}`, { recursive: true });
    writeFileSync(`${directory}/${path}/file.txt`, "file");
  }
  const openssl = (...args: string[]) =>
    Bun.spawnSync(["openssl", "passwd", ...args])
      .stdout.toString()
      .trim();
  const bcrypt = (await Bun.password.hash("three", { algorithm: "bcrypt", cost: 4 })).replace("$2b$", "$2y$");
  const sha = `{SHA}${new Bun.CryptoHasher("sha1").update("two").digest("base64")}`;
  const lines = [`apr:${openssl("-apr1", "one")}`, `sha:${sha}`, `bcrypt:${bcrypt}`, `crypt:${openssl("-6", "four")}`];
  writeFileSync(`${directory}/htpasswd`, lines.map((line) => `${line}\n`).join(""));
}

describe("statistics, orders and access", () => {
  testWith("nginx", "ffmpeg")(
    "are nginx-rtmp's: the same script with the same nginx.conf",
    async () => {
      using directory = new TemporaryDirectory();
      await fill(directory.path);
      const ports = { rtmp: await freePort(), http: await freePort() };
      await using _ = await startNginx(`user root;\n${conf(ports, directory.path)}`, ports.http);
      let own = "";
      await using naru = await startNaru({
        nginxConf: (given, path) => {
          own = path;
          return conf(given, path);
        },
      });
      await fill(own);
      const [nginxs, narus] = await Promise.all([
        play(`rtmp://127.0.0.1:${ports.rtmp}`, `http://127.0.0.1:${ports.http}`),
        play(`rtmp://127.0.0.1:${naru.ports.rtmp}`, naru.http),
      ]);
      for (const [name, value] of Object.entries(nginxs)) expect({ [name]: narus[name] }).toEqual({ [name]: value });
      expect(nginxs.watched).toEqual(["test: 3 publishing", "wait: 1"]);
      expect(nginxs.records).toEqual(["200 test.flv", "204", "200 test.flv", "204"]);
      for (const at of [directory.path, own]) expect(existsSync(`${at}/rec/test.flv`)).toBe(true);

      // What is naru's own: the style sheet that the XML names, and the API.
      expect((await fetch(`${naru.http}/stat.xsl`)).headers.get("content-type")).toBe("text/xsl");
      const api = await fetch(`${naru.http}/api/openapi.json`);
      expect(Object.keys(((await api.json()) as { paths: object }).paths)).toContain("/api/sessions/{id}/drop");
    },
    60_000,
  );
});
