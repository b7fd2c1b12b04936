import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../mistake.ts";
import { configSchema } from "../schema.ts";
import { type NginxResult, readNginx } from "./read.ts";

const includes = { read: () => "", glob: () => [] };

function read(text: string, allowUnsupported = false): NginxResult {
  return readNginx({ file: "nginx.conf", text, allowUnsupported, includes });
}

const resolve = (text: string) => configSchema.parse(read(text, true).layer.value);
const application = (body: string, server = "", rtmp = "") =>
  `rtmp { ${rtmp} server { listen 1935; ${server} application live { ${body} } } }`;
const hls = (body: string, server = "", rtmp = "") =>
  resolve(application(`live on; hls on; hls_path /h; ${body}`, server, rtmp)).applications.live?.hls;
const http = (body: string) => `${application("live on; hls on; hls_path /tmp/hls;")} http { ${body} }`;
const lines = (result: NginxResult, what: "mistakes" | "notices") =>
  result[what].map(({ source, message }) => `${source.from === "file" ? source.line : "?"}: ${message}`);

describe("the configuration of every tutorial", () => {
  const text = readFileSync(join(import.meta.dir, "../../../examples/nginx.conf"), "utf8");

  test("means this", () => {
    expect(resolve(text)).toMatchObject({
      rtmp: { listen: [{ host: "0.0.0.0", port: 1935 }], chunkSize: 60_000 },
      applications: {
        live: {
          live: true,
          secondPublisher: "refuse",
          hls: {
            enabled: true,
            format: "mpegts",
            lowLatency: false,
            path: "/tmp/hls",
            segment: 3000,
            maxSegment: 30_000,
            window: 60_000,
            nested: false,
            cleanup: true,
            continuous: true,
          },
        },
      },
      http: {
        listen: [{ host: "0.0.0.0", port: 8080 }],
        locations: [
          {
            path: "/hls",
            root: "/tmp",
            types: { m3u8: "application/vnd.apple.mpegurl", ts: "video/mp2t" },
            headers: [
              ["Cache-Control", "no-cache"],
              ["Access-Control-Allow-Origin", "*"],
            ],
          },
        ],
      },
    });
    expect(Object.keys(resolve(text).applications)).toEqual(["live"]);
  });

  test("has a row for every directive", () => {
    const { nginx, mistakes } = read(text);
    expect(mistakes).toEqual([]);
    expect(nginx.map(({ line, status }) => `${line} ${status}`)).toEqual([
      ...[1, 2, 3, 4, 5, 6].map((line) => `${line} mapped`),
      "7 ignored",
      ...[8, 9, 10, 11, 15, 16, 17, 18, 19, 23, 24, 25].map((line) => `${line} mapped`),
    ]);
  });

  test("knows the line of each value", () => {
    const { layer } = read(text);
    const line = (...path: string[]) => (layer.locate(path) as { line?: number }).line;
    expect(line("rtmp", "chunkSize")).toBe(4);
    expect(line("applications", "live", "hls", "segment")).toBe(10);
    expect(line("applications", "live", "hls", "format")).toBe(8);
    expect(line("http", "listen")).toBe(17);
  });
});

describe("rtmp", () => {
  test("defaults are those of nginx: nothing is live, nothing is made", () => {
    const { applications, http: site } = resolve(application(""));
    expect(applications.live).toMatchObject({ live: false, hls: { enabled: false } });
    expect(site.listen).toEqual([]);
    expect(hls("")).toMatchObject({ segment: 5000, maxSegment: 50_000, window: 30_000, format: "mpegts" });
  });

  test("inner values replace outer ones", () => {
    expect(hls("hls_fragment 1s;", "hls_fragment 2s;", "hls_fragment 3s;")).toMatchObject({
      segment: 1000,
      maxSegment: 10_000,
    });
    expect(hls("", "hls_fragment 2s;", "hls_fragment 3s;")).toMatchObject({ segment: 2000 });
    expect(hls("", "", "hls_fragment 3; hls_nested on;")).toMatchObject({ segment: 3000, nested: true });
  });

  test.each([
    ["hls_fragment 500ms;", { segment: 500 }],
    ["hls_max_fragment 20s;", { maxSegment: 20_000 }],
    ["hls_playlist_length 1m30s;", { window: 90_000 }],
    ["hls_base_url http://cdn/;", { baseUrl: "http://cdn/" }],
    ["hls_fragment_slicing aligned;", { slicing: "aligned" }],
    [
      "hls_variant _low BANDWIDTH=160000; hls_variant _hi;",
      {
        variants: [
          { suffix: "_low", attributes: ["BANDWIDTH=160000"] },
          { suffix: "_hi", attributes: [] },
        ],
      },
    ],
    ["hls_cleanup off;", { cleanup: false }],
    ["hls_keys on;", { keys: { url: "", segments: 0 } }],
    [
      "hls_keys on; hls_key_path /k; hls_key_url http://k/; hls_fragments_per_key 10;",
      { keys: { path: "/k", url: "http://k/", segments: 10 } },
    ],
    ["hls_continuous off;", { continuous: false }],
    ["hls_max_audio_delay 100ms;", { maxAudioDelay: 100 }],
  ])("%s", (text, expected) => expect(hls(text)).toMatchObject(expected));

  test.each([
    ["", { enabled: true, waitForPublisher: true, waitForKeyframe: true, publishNotify: false, metadata: "on" }],
    ["idle_streams off;", { waitForPublisher: false }],
    ["wait_key off; wait_video on;", { waitForKeyframe: false, waitForVideo: true }],
    ["publish_notify on; play_restart on;", { publishNotify: true, startOnPublish: true }],
    ["interleave on; play_time_fix off;", { interleave: true, timesFromZero: false }],
    ["meta copy; gop_cache off;", { metadata: "copy", fromKeyframe: false }],
  ])("playing: %s", (text, expected) => {
    expect(resolve(application(`live on; ${text}`)).applications.live?.play).toMatchObject(expected);
  });

  test("keys that are off leave nothing behind", () => {
    expect(hls("hls_keys off; hls_key_url http://k/;")?.keys).toBeUndefined();
  });

  test("hls on without a path makes nothing, and says so", () => {
    const result = read(application("live on; hls on;"));
    expect(configSchema.parse(result.layer.value).applications.live?.hls.enabled).toBe(false);
    expect(lines(result, "notices").join()).toContain("hls on without hls_path");
  });

  test.each([
    ["chunk_size 131072;", { chunkSize: 65_536 }],
    ["chunk_size 4096;", { chunkSize: 60_000 }],
    ["max_message 2m;", { maxMessageSize: 2 * 1024 ** 2 }],
    ["timeout 20s;", { sendTimeout: 20_000 }],
    ["max_connections 7;", { maxConnections: 7 }],
    ["ping 10s;", { pingInterval: 10_000, idleTimeout: 40_000 }],
    ["ping 10s; ping_timeout 5;", { pingInterval: 10_000, idleTimeout: 15_000 }],
    ["drop_idle_publisher 10s;", { mediaTimeout: 10_000, idleTimeout: 30_000 }],
    ["drop_idle_publisher off;", { mediaTimeout: 0 }],
    ["listen [::]:1935 ipv6only=on;", { listen: [{ host: "::", port: 1935 }] }],
    [
      "listen 127.0.0.1:1936 so_keepalive=30m::10;",
      {
        listen: [
          { host: "0.0.0.0", port: 1935 },
          { host: "127.0.0.1", port: 1936 },
        ],
      },
    ],
    ["listen 1936 proxy_protocol;", { listen: [{ host: "0.0.0.0", port: 1935 }] }],
  ])("%s", (text, expected) => expect(resolve(application("live on;", text)).rtmp).toMatchObject(expected));

  test.each([
    ["allow publish 127.0.0.1; deny publish all;", "allow play all; deny 10.0.0.0/8;", "deny play 1.2.3.4;"],
    ["", "allow publish 127.0.0.1; deny publish all; allow play all; deny 10.0.0.0/8; deny play 1.2.3.4;", ""],
  ])("access rules are inherited behind a block's own: %s | %s | %s", (body, server, rtmp) => {
    expect(resolve(application(`live on; ${body}`, server, rtmp)).applications.live?.access).toEqual([
      { allow: "127.0.0.1", for: "publish" },
      { deny: "all", for: "publish" },
      { allow: "all", for: "play" },
      { deny: "10.0.0.0/8" },
      { deny: "1.2.3.4", for: "play" },
    ]);
  });

  test.each([
    ["hls_fragment_naming system; hls_fragment_naming_granularity 500;", { naming: "system", namingGranularity: 500 }],
    ["hls_fragment_naming timestamp; hls_type event;", { naming: "timestamp", event: true }],
    ["hls_type live;", { naming: "sequential", event: false }],
  ])("%s", (text, hls) => {
    expect(resolve(application(`live on; hls on; hls_path /h; ${text}`)).applications.live?.hls).toMatchObject(hls);
  });

  test.each<[string, string, unknown]>([
    ["dash on;", "", { enabled: false }],
    [
      "dash on; dash_path /d; hls on; hls_path /h;",
      "",
      { enabled: true, path: "/d", segment: 5000, window: 30_000, nested: false, cleanup: true },
    ],
    [
      "dash_fragment 3; dash_playlist_length 1m; dash_nested on; dash_cleanup off;",
      "dash on; dash_path /d;",
      { enabled: true, path: "/d", segment: 3000, window: 60_000, nested: true, cleanup: false },
    ],
    [
      "dash on; dash_path /d; dash_clock_compensation http_head; dash_clock_helper_uri http://x/time;",
      "",
      { enabled: true, clock: { kind: "http-head", url: "http://x/time" } },
    ],
    ["dash off; dash_path /d;", "dash on;", { enabled: false }],
  ])("MPEG-DASH: %s in an application | %s", (body, server, expected) => {
    expect(resolve(application(`live on; ${body}`, server)).applications.live?.dash).toMatchObject(expected as object);
  });

  test("an application is reached by the addresses of its server, under its name", () => {
    const server = (listen: string, body: string) => `server { ${listen} application live { live on; ${body} } }`;
    const text = `rtmp {
      ${server("listen 1; listen [::]:1;", "")}
      ${server("listen 127.0.0.1:2; chunk_size 8192; application b { }", "record all; record_path /r;")}
      ${server("listen [::]:3; listen 127.0.0.2:2;", "")}
    }`;
    expect(read(text).mistakes).toEqual([]);
    const { applications } = resolve(text);
    const at = (host: string, port: number) => ({ host, port });
    expect(Object.entries(applications).map(([key, { rtmp }]) => [key, rtmp])).toEqual([
      ["live", { listen: [at("::", 1)] }],
      ["b", { listen: [at("127.0.0.1", 2)] }],
      ["live@2", { name: "live", listen: [at("127.0.0.1", 2)] }],
      ["live@3", { name: "live", listen: [at("::", 3), at("127.0.0.2", 2)] }],
    ]);
    expect(applications["live@2"]?.record[""]).toMatchObject({ directory: "/r" });
    expect(lines(read(text), "notices").join()).toContain("chunk_size of the first server holds for all");
  });

  test("twice the same name in one server is a mistake", () => {
    const text = "rtmp { server { listen 1; application a { } application a { } } }";
    expect(read(text).mistakes.map(({ code }) => code)).toEqual(["nginx-duplicate"]);
  });

  test.each([
    "record off;",
    "dash off;",
    "hls_keys off;",
    "hls_type live;",
    "hls_fragment_naming sequential;",
    "allow all;",
  ])("%s asks for nothing", (text) => {
    const result = read(application(`live on; ${text}`));
    expect(result.mistakes).toEqual([]);
    expect(lines(result, "notices").join()).not.toContain("not supported");
  });

  test.each(["hls_dir_access user:rw;"])("%s is not supported: one line at the start", (text) => {
    const result = read(application(`live on; ${text}`));
    expect(result.mistakes).toEqual([]);
    expect(lines(result, "notices")[0]).toMatch(/^1: ".*" is not supported$/);
  });
});

test("what nginx takes is taken", () => {
  const text = 'live ON; recorder r { record all; } recorder r { } allow play 10.0.0.0/8; allow all; log_format a "x";';
  const result = read(application(text));
  expect(result.mistakes).toEqual([]);
  expect(configSchema.parse(result.layer.value).applications.live?.live).toBe(true);
});

describe("mistakes", () => {
  test.each<[string, string, string]>([
    ["hls_fragmetn 3s;", 'unknown directive "hls_fragmetn"', 'did you mean "hls_fragment"?'],
    [
      "hls_fragment 3x;",
      '"hls_fragment" expected a time such as 500ms, 3s or 1m30s, got "3x"',
      "write: hls_fragment time;",
    ],
    ["live yes;", '"live" expected "on" or "off", got "yes"', "write: live on | off;"],
    ["live;", 'wrong number of arguments of "live": expected 1, got 0', "write: live on | off;"],
    [
      "live on hls on;",
      'wrong number of arguments of "live": expected 1, got 3',
      "write: live on | off;; is a ; missing?",
    ],
    [
      "chunk_size 1;",
      '"chunk_size" is not allowed in application { }',
      "it belongs in rtmp { } or in rtmp { server { } }",
    ],
    ["live on; live off;", '"live" is given twice', "first at nginx.conf:1"],
    [
      "deny bar;",
      '"deny" expected an address, a network such as 10.0.0.0/8, or "all", got "bar"',
      "write: deny [play | publish] address | all;",
    ],
    ["deny all play;", '"deny" expected "play" or "publish", got "all"', "write: deny [play | publish] address | all;"],
    ["live { }", '"live" takes no block; is a ; missing before {?', "write: live on | off;"],
    ["recorder x;", '"recorder" needs a block', "write: recorder text { ... }"],
    [
      "record all nothing;",
      '"record" expected one of "off", "all", "audio", "video", "keyframes", "manual", got "nothing"',
      "write: record off | all | audio | video | keyframes | manual;",
    ],
  ])("%s", (body, message, hint) => {
    const { mistakes } = read(application(body));
    expect(mistakes.map((mistake) => mistake.message)).toEqual([message]);
    expect(mistakes[0]?.hint).toBe(hint);
  });

  test.each([
    ["rtmp { server { listen 1; listen 1; } }", "nginx-duplicate"],
    ["rtmp { server { listen 1; } server { listen *:1; } }", "nginx-duplicate"],
    ["rtmp { server { listen 1 frob; } }", "nginx-wrong-arguments"],
    ["rtmp { server { listen 99999; } }", "nginx-wrong-arguments"],
    ["rtmp { } rtmp { }", "nginx-duplicate"],
    ["rtmp { server { application a { } application a { } } }", "nginx-duplicate"],
    ["live on; rtmp { }", "nginx-wrong-context"],
    ["http { }", "file-empty"],
  ])("%s", (text, code) => expect(read(text, true).mistakes.map((mistake) => mistake.code)).toEqual([code as never]));

  test("a syntax error stands alone", () => {
    expect(() => read("rtmp { server { lisen 1 } }")).toThrow(ConfigError);
  });
});

describe("http", () => {
  const locations = (body: string) => resolve(http(`server { listen 8080; ${body} }`)).http.locations;

  test("alias, root of the server, and what is inherited", () => {
    const text =
      "root /www; add_header X 1; default_type a/b; location /hls { alias /tmp/hls; add_header Y 2; } location /p { }";
    expect(locations(text)).toMatchObject([
      { path: "/hls", alias: "/tmp/hls", headers: [["Y", "2"]], defaultType: "a/b" },
      { path: "/p", root: "/www", headers: [["X", "1"]] },
      { path: "/", root: "/www", headers: [["X", "1"]], defaultType: "a/b" },
    ]);
  });

  test.each([
    ["location ^~ /hls { root /tmp; }", 1],
    ["location /a { location /a/b { root /tmp; } }", 1],
    ["location = /hls { root /tmp; }", 1],
    ["location ~ \\.ts$ { root /tmp; }", 1],
    ["location ~ (?>a)\\.ts$ { root /tmp; }", 0],
    ["location ~ \\.php$ { fastcgi_pass x; }", 1],
    ["location @x { root /tmp; }", 0],
    ["location /x { proxy_pass http://y; root /tmp; }", 0],
    ["location /stat { rtmp_stat all; rtmp_stat_stylesheet x.xsl; }", 1],
    ["location /flv { flv_live on; }", 1],
    ["location /x { proxy_pass http://y; deny 1.2.3.4; }", 1],
    ["location /x { }", 0],
    ["location /x { root /tmp/$host; }", 0],
  ])("%s makes %d locations", (text, count) => expect(locations(text)).toHaveLength(count));

  test.each([
    ["expires -1;", [["Cache-Control", "no-cache"]]],
    ["expires 1h;", [["Cache-Control", "max-age=3600"]]],
    ["expires off;", []],
    ["add_header A $b;", []],
    ['add_header A "x y";', [["A", "x y"]]],
    ["add_header Access-Control-Allow-Origin $http_origin;", [["Access-Control-Allow-Origin", "*"]]],
  ])("%s", (text, headers) => {
    expect(locations(`location /hls { root /tmp; ${text} }`)[0]?.headers).toEqual(headers as [string, string][]);
  });

  test("a header for every answer is kept apart from those for answers that succeed", () => {
    const text = 'add_header A "x y" always; add_header B z;';
    expect(locations(`location /hls { root /tmp; ${text} }`)[0]).toMatchObject({
      headers: [["B", "z"]],
      alwaysHeaders: [["A", "x y"]],
    });
  });

  test.each([
    ["", undefined],
    ["types { }", {}],
    ["types { video/mp2t TS m2ts; }", { ts: "video/mp2t", m2ts: "video/mp2t" }],
  ])("types: %s", (text, types) => {
    expect(locations(`location /hls { root /tmp; ${text} }`)[0]?.types).toEqual(types);
  });

  test("of several servers without streams the one with statistics is taken", () => {
    const { http: found } = resolve(
      http("server { listen 81; root /www; } server { listen 8080; location /stat { rtmp_stat all; } }"),
    );
    expect(found.listen).toEqual([{ host: "0.0.0.0", port: 8080 }]);
    expect(found.locations.map(({ path }) => path)).toEqual(["/stat"]);
  });

  test.each([
    ["return 201;", { status: 201 }],
    ["default_type text/xml; return 200 <a/>;", { status: 200, text: "<a/>" }],
    ["return 301 /new;", { status: 301, location: "/new" }],
    ["return https://a.example/;", { status: 302, location: "https://a.example/" }],
  ])("%s is what the location answers", (text, answer) => {
    const [location] = locations(`location /a { ${text} }`);
    expect(location?.answer).toMatchObject(answer);
    if (text.startsWith("default_type")) expect(location?.defaultType).toBe("text/xml");
  });

  test("a relative directory is named: nginx's own is not known", () => {
    const result = read(http("server { listen 80; location / { root html; } location /a { alias /b; } }"));
    expect(lines(result, "notices")).toEqual([expect.stringContaining('"html" is looked for')]);
  });

  test("pages are off where the site has its own", () => {
    expect(resolve(http("server { listen 80; location / { root /www; } }")).http.pages).toBe(false);
    expect(resolve(http("server { listen 80; location /hls { root /tmp; } }")).http.pages).toBe(true);
  });

  test("of several servers the one with the streams is taken, whatever the others hold", () => {
    const result = read(
      http(`server { listen 127.0.0.1:9; location /admin { root /srv; deny all; frobnicate on; } }
            server { listen 8080; location /hls { root /tmp; } }`),
    );
    expect(result.mistakes).toEqual([]);
    expect(configSchema.parse(result.layer.value).http).toMatchObject({
      listen: [{ host: "0.0.0.0", port: 8080 }],
      locations: [{ path: "/hls" }],
    });
  });

  test.each([
    ["deny all;", []],
    ["deny 1.2.3;", ["nginx-wrong-arguments"]],
    ["location /hls { root /tmp; deny 1.2.3.4; }", []],
    ["location /hls { root /tmp; auth_basic x; }", []],
    ["location /hls { root /tmp; auth_basic x; auth_basic_user_file /etc/$host; }", ["nginx-guard-unsupported"]],
    ["location /hls { root /tmp; auth_request /auth; }", ["nginx-guard-unsupported"]],
    ["location ~ ^/hls { root /tmp; deny all; }", []],
    ["location ~ ^(?>/hls) { root /tmp; deny all; }", ["nginx-guard-unsupported"]],
    ["set_real_ip_from 10.0.0.1; location /hls { root /tmp; deny all; }", ["nginx-guard-unsupported"]],
    ["set_real_ip_from 10.0.0.1; location /hls { root /tmp; }", []],
    ["location ~ ^/hls { root /tmp; allow all; auth_basic off; }", []],
    ["location /control { rtmp_control all; limit_except POST { deny all; } }", ["nginx-guard-unsupported"]],
    ["location /hls { root /tmp; location /hls/secret { return 403; } }", []],
    ["location /hls { root /tmp; location /hls/secret { return 302 http://$host/; } }", []],
    ["location /hls { root /tmp; location /hls/secret { return 302 http://$http_x/; } }", ["nginx-guard-unsupported"]],
    ["location /hls { root /tmp; location /hls/secret { return 444; } }", ["nginx-guard-unsupported"]],
    ["location / { root /tmp; if ($request_method = 'OPTIONS') { add_header A b; return 204; } }", []],
    ["location / { root /tmp; if ($request_method = 'PUT') { return 204; } }", ["nginx-guard-unsupported"]],
    ["location / { root /tmp; if ($request_method = OPTIONS) { return 403; } }", ["nginx-guard-unsupported"]],
    ["location /hls { root /tmp; frobnicate on; }", ["nginx-guard-unsupported"]],
    ["location /stat { rtmp_stat all; allow 127.0.0.1; deny all; }", []],
    ["location /old { return 301 /new; }", []],
    ["location /hls { root /tmp; add_header A b allways; }", ["nginx-wrong-arguments"]],
  ])("%s", (text, codes) => {
    const { mistakes } = read(http(`server { listen 8080; ${text} }`));
    expect(mistakes.map(({ code }) => code as string)).toEqual(codes);
  });

  test.each([
    ["location ^~ /a { root /w; }", { path: "/a", final: true }],
    ["location ~* \\.TS$ { root /w; }", { path: "/", pattern: "\\.TS$", ignoreCase: true, root: "/w" }],
    ["location ~\\.ts$ { root /w; }", { pattern: "\\.ts$", ignoreCase: false }],
    ["location /a { location ~ x$ { root /w; } }", { path: "/a", pattern: "x$" }],
    ["location ~ ^/a/(.*)$ { alias /w/$1; }", { alias: "/w/$1" }],
    ["autoindex on; location /a { root /w; index a.html b; }", { autoindex: true, index: ["a.html", "b"] }],
    ["location /a { root /w; try_files $uri $uri/ /b?$args; }", { tryFiles: ["$uri", "$uri/", "/b?$args"] }],
    ["location /a { root /w; try_files $uri @b; }", { tryFiles: ["$uri", "=404"] }],
    ["location /a { root /w; try_files $x_y /b; }", { tryFiles: [] }],
    [
      "error_page 404 403 /e; error_page 500 = /f; location /a { root /w; }",
      {
        errorPages: [
          { status: [404, 403], page: "/e" },
          { status: [500], page: "/f", answer: 0 },
        ],
      },
    ],
    ["location /a { root /w; error_page 404 =200 https://x/; }", { errorPages: [{ answer: 200, page: "https://x/" }] }],
    ["location = /e { internal; root /w; }", { exact: true, internal: true }],
    ["location /a { return 301 https://$host$request_uri; }", { answer: { status: 301 } }],
    [
      "location /a { rewrite ^/a/(.*)$ /b/$1 last; rewrite x /y; rewrite z /$nothing; }",
      {
        rewrites: [
          { pattern: "^/a/(.*)$", to: "/b/$1", after: "last" },
          { pattern: "x", to: "/y", after: "next" },
        ],
      },
    ],
  ])("%s is a location", (text, expected) => expect(locations(text)[0]).toMatchObject(expected));

  test("what is of other forks is named with what to do instead", () => {
    const { mistakes, nginx } = read(application('live on; dash on; dash_path /d; dash_variant _low bandwidth="1";'));
    expect(mistakes).toEqual([]);
    const row = nginx.find(({ text }) => text.startsWith("dash_variant"));
    expect(row).toMatchObject({ text: 'dash_variant _low bandwidth="1"', status: "unsupported" });
  });

  test("rewrites of the server", () => {
    const { http: site } = resolve(http("server { rewrite ^/old(.*)$ /new$1 permanent; location / { root /w; } }"));
    expect(site.rewrites).toEqual([{ pattern: "^/old(.*)$", ignoreCase: false, to: "/new$1", after: "permanent" }]);
  });

  test.each([
    ["location /a { root /tmp; deny 10.0.0.1; allow all; }", [{ deny: "10.0.0.1" }, { allow: "all" }]],
    ["deny all; location /a { root /tmp; }", [{ deny: "all" }]],
    ["deny all; location /a { root /tmp; allow all; }", [{ allow: "all" }]],
    ["location /a { root /tmp; allow unix:; deny all; }", [{ deny: "all" }]],
  ])("who is let in: %s", (text, rules) => {
    expect(locations(text)[0]?.access).toMatchObject({ rules, satisfy: "all" });
  });

  test("a password, relative to the configuration", () => {
    const text = 'location /a { root /tmp; satisfy any; deny all; auth_basic "x y"; auth_basic_user_file ht; }';
    expect(locations(text)[0]?.access).toMatchObject({ realm: "x y", satisfy: "any", rules: [{ deny: "all" }] });
    expect(locations(text)[0]?.access?.users).toMatch(/\/ht$/);
    expect(
      locations("auth_basic x; auth_basic_user_file ht; location /a { root /tmp; auth_basic off; }")[0],
    ).toMatchObject({
      access: { rules: [] },
    });
  });

  test("who is kept out of the directory of streams is kept out of naru's own paths", () => {
    const conf = (body: string) =>
      `rtmp { server { application live { live on; hls on; hls_path /tmp/hls; } } } http { server { listen 8080; ${body} } }`;
    const resolved = (body: string) => resolve(conf(body)).http;
    const guarded = "location /hls { root /tmp; deny 1.2.3.4; }";
    expect(resolved(guarded).access?.rules).toEqual([{ deny: "1.2.3.4" }]);
    expect(resolved(`${guarded} location /open { root /www; }`).locations[1]?.access?.rules).toEqual([]);
    const at = (pattern: string) => resolved(`root /tmp; location ~ ${pattern} { deny all; } location / { }`).access;
    expect(at("\\.ts$")).toMatchObject({ rules: [{ deny: "all" }] });
    expect(at("/\\.")).toBeUndefined();
    expect(resolved("location /hls { root /tmp; } location /b { root /www; deny all; }").access).toBeUndefined();
    const two = read(conf(`${guarded} location /tmp { root /; deny all; }`));
    expect(two.mistakes.map(({ code }) => code as string)).toEqual(["nginx-guard-unsupported"]);
  });

  test("statistics and orders", () => {
    expect(
      locations(
        `rtmp_stat_stylesheet a.xsl; location = /stat { rtmp_stat all; rtmp_stat_format json; add_header A b; }
         location /control { rtmp_control record drop; deny all; }`,
      ),
    ).toMatchObject([
      {
        path: "/stat",
        exact: true,
        stat: { show: ["all"], stylesheet: "a.xsl", format: "json" },
        headers: [["A", "b"]],
      },
      { path: "/control", exact: false, control: ["record", "drop"], access: { rules: [{ deny: "all" }] } },
    ]);
  });

  test("TLS, its certificate and HTTP/3", () => {
    const server = `listen 80; listen 443 ssl; listen 443 quic; ssl_certificate /c.pem; ssl_certificate_key /k.pem;
                    ssl_protocols TLSv1.3; http2 on;`;
    const result = read(http(`server { ${server} location /hls { root /tmp; } }`));
    expect(result.mistakes).toEqual([]);
    expect(configSchema.parse(result.layer.value)).toMatchObject({
      http: { listen: [{ host: "0.0.0.0", port: 80 }] },
      https: { listen: [{ host: "0.0.0.0", port: 443 }], http3: true },
      tls: { certificate: "/c.pem", key: "/k.pem" },
    });
  });

  test.each([
    ["listen 443 ssl;", { listen: [{ host: "0.0.0.0", port: 443 }], http3: false }],
    ["listen 443; ssl on;", { listen: [{ host: "0.0.0.0", port: 443 }], http3: false }],
    ["listen 80;", { listen: [] }],
  ])("%s is HTTPS, or is not", (text, https) => {
    expect(resolve(http(`server { ${text} }`)).https).toMatchObject(https);
  });

  test.each([
    ["listen 443 ssl;", []],
    ["listen 8080 proxy_protocol;", []],
    ["listen unix:/x;", []],
    ["listen 80 default_server; listen [::]:80 default_server;", [{ host: "::", port: 80 }]],
    ["", [{ host: "0.0.0.0", port: 80 }]],
  ])("%s", (text, listen) => expect(resolve(http(`server { ${text} }`)).http.listen).toEqual(listen));
});

describe("play", () => {
  const files = (body: string, server = "", rtmp = "") =>
    resolve(application(body, server, rtmp)).applications.live?.files;

  test("takes directories and URLs, from one line or several", () => {
    expect(files("play /a http://b/c; play /d; play_temp_path /t; play_local_path /l;", "buflen 2s;")).toMatchObject({
      from: ["/a", "http://b/c", "/d"],
      temporaryDirectory: "/t",
      keepDirectory: "/l",
      buffer: 2000,
    });
  });

  test("of an application hides that of its server", () => {
    expect(files("", "play /server;", "play /rtmp;")?.from).toEqual(["/server"]);
    expect(files("play /a;", "play /server;")?.from).toEqual(["/a"]);
    expect(files("live on;")?.from).toEqual([]);
  });
});

describe("record", () => {
  const recorders = (body: string, server = "", rtmp = "") =>
    resolve(application(`live on; ${body}`, server, rtmp)).applications.live?.record;

  test.each([
    ["record off; record_path /r;", {}],
    [
      "record all; record_path /r;",
      { "": { format: "flv", directory: "/r", media: "all", file: "{name}.flv", ending: "", overwrite: true } },
    ],
    [
      "record audio video; record_path /r; record_unique on; record_suffix -%d-%b.flv; record_append on;",
      { "": { media: "all", file: "{name}-{unix}-%d-%b.flv", append: true, overwrite: false } },
    ],
    [
      "record all manual; record_path /r; record_notify on; record_interval_size 2M;",
      { "": { media: "all", manual: true, notify: true, pieceSize: 2 * 1024 ** 2 } },
    ],
    [
      "record keyframes; record_path /r; record_max_size 1M; record_max_frames 10; record_interval 1m;",
      { "": { media: "keyframes", maxSize: 1024 ** 2, maxFrames: 10, pieceDuration: 60_000 } },
    ],
    [
      "record off; recorder a { record audio; record_path /a; } recorder b { record video; record_path /b; }",
      { a: { media: "audio", directory: "/a" }, b: { media: "video", directory: "/b" } },
    ],
  ])("%s", (body, expected) => {
    expect(recorders(body)).toMatchObject(expected);
    expect(Object.keys(recorders(body) ?? {})).toEqual(Object.keys(expected));
  });

  test("is inherited, and a recorder has what its application has", () => {
    const found = recorders("recorder a { record_suffix .a; }", "record_path /s;", "record all; record_suffix .m;");
    expect(found).toMatchObject({
      "": { directory: "/s", file: "{name}.m" },
      a: { directory: "/s", media: "all", file: "{name}.a" },
    });
  });

  test("without a path it records nothing, and says so", () => {
    expect(lines(read(application("live on; record all;")), "notices").join()).toContain("record without record_path");
  });
});
