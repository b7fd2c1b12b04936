import { describe, expect } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { startNginx } from "../support/clients/nginx.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { startNaru } from "../support/naru.ts";
import { freePort } from "../support/ports.ts";
import { testWith } from "../support/requires.ts";

/** What files for streaming have in `http` beside plain directories. */
const conf = (ports: { rtmp: number; http: number }, directory: string) => `
rtmp {
    server {
        listen 127.0.0.1:${ports.rtmp};
        application live { live on; hls on; hls_path ${directory}/www/hls; }
    }
}
http {
    default_type text/plain;
    types { text/html html; video/mp2t ts; application/vnd.apple.mpegurl m3u8; }
    server {
        listen 127.0.0.1:${ports.http};
        root ${directory}/www;
        index index.html index.m3u8;
        error_page 404 /errors/404.html;
        error_page 403 =404 /errors/404.html;
        rewrite ^/old/(.*)$ /sub/$1 permanent;
        rewrite ^/gone/(.*)$ /sub/$1?from=$uri redirect;
        rewrite ^/deep/(?<name>[^/]+)/x$ /sub/$name last;
        location / { }
        location = /exact { return 200 "exact"; }
        location /errors/ { internal; }
        location /list/ { autoindex on; }
        location ^~ /final/ { alias ${directory}/www/sub/; }
        location ~ ^/by/(.+)\\.txt$ { alias ${directory}/www/sub/$1.txt; add_header X-By pattern; }
        location ~* \\.TS$ { add_header X-By ts; }
        location /sub/ { location ~ b\\.txt$ { add_header X-By nested; } }
        location /try/ { try_files $uri $uri/ /sub$uri /sub/a.txt; }
        location /tried/ { try_files $uri =404; }
        location /app/ { rewrite ^/app/(.*)$ /sub/$1 break; }
        location /on/ { rewrite ^/on/(.*)$ /$1 last; }
        location /circle { rewrite ^ /circle last; }
        location /own/ { error_page 404 = /exact; }
        location /out/ { error_page 404 http://example.invalid/; }
        location /move { return 302 $scheme://$host/to$uri?$args; }
    }
}
`;

const PATHS = [
  "/",
  "/index.html",
  "/none",
  "/none/",
  "/empty",
  "/empty/",
  "/hls/",
  "/exact",
  "/exact/",
  "/errors/404.html",
  "/list/",
  "/list/dir/",
  "/list/none/",
  "/final/a.txt",
  "/final/x.ts",
  "/final../index.html",
  "/by/a.txt",
  "/by/none.txt",
  "/by/..%2f..%2fsecret.txt",
  "/by../secret.txt",
  "/sub/x.ts",
  "/sub/X.tS",
  "/sub/a.txt",
  "/sub/b.txt",
  "/sub/b.txt?q=1",
  "/old/a.txt",
  "/old/a%20b.txt?q=1&r=2",
  "/gone/a.txt?q=1",
  "/deep/a.txt/x",
  "/deep/a.txt/y",
  "/try/a.txt",
  "/try/none",
  "/try/dir",
  "/try/dir/",
  "/tried/one",
  "/tried/none",
  "/app/a.txt",
  "/app/none",
  "/on/sub/a.txt",
  "/on/exact",
  "/on/none",
  "/circle",
  "/own/none",
  "/out/none",
  "/move/a?b=c",
  "/%2e%2e/secret.txt",
  "/list/../secret.txt",
];

describe("the http of an nginx.conf", () => {
  testWith("nginx")(
    "answers as nginx: patterns, try_files, error pages, listings, rewrites",
    async () => {
      using directory = new TemporaryDirectory();
      const www = `${directory.path}/www`;
      for (const name of ["hls", "empty", "errors", "list/dir", "sub/try", "tried", "try/dir"])
        mkdirSync(`${www}/${name}`, { recursive: true });
      const files = {
        "../secret.txt": "secret",
        "index.html": "<p>start</p>",
        "hls/index.m3u8": "#EXTM3U",
        "errors/404.html": "<p>not found</p>",
        "list/a & b.ts": "12345",
        [`list/${"long".repeat(20)}.ts`]: "",
        "list/.hidden": "",
        "sub/a.txt": "a",
        "sub/a b.txt": "a b",
        "sub/b.txt": "b",
        "sub/x.ts": "x",
        "sub/X.tS": "X",
        "sub/try/a.txt": "tried",
        "tried/one": "one",
        "try/dir/index.html": "<p>dir</p>",
      };
      for (const [name, text] of Object.entries(files)) writeFileSync(`${www}/${name}`, text);
      const ports = { rtmp: await freePort(), http: await freePort() };
      await using _nginx = await startNginx(conf(ports, directory.path), ports.http);
      await using naru = await startNaru({ nginxConf: (own) => conf(own, directory.path) });

      for (const path of PATHS) {
        const [ours, theirs] = await Promise.all([ask(naru.http, path), ask(`http://127.0.0.1:${ports.http}`, path)]);
        expect({ path, ...ours }).toEqual({ path, ...theirs });
        expect(ours.body).not.toContain("secret");
      }
    },
    30_000,
  );
});

/** What counts of an answer; the words of errors are each server's own. */
async function ask(server: string, path: string) {
  const { hostname, port } = new URL(server);
  const socket = await fetch(`${server}${path}`, { redirect: "manual" });
  const to = socket.headers.get("location");
  const url = to === null ? "" : new URL(to, server);
  const own = url !== "" && url.hostname === hostname && (url.port === port || url.port === "");
  const body = await socket.text();
  const isOwnText = socket.status >= 300 && !body.startsWith("<p>");
  return {
    status: socket.status,
    to: url === "" ? "" : own ? url.pathname + url.search : url.href,
    by: socket.headers.get("x-by"),
    type: isOwnText ? "" : socket.headers.get("content-type"),
    body: isOwnText ? "" : body,
  };
}
