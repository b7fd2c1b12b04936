import { describe, expect } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { clip } from "../support/clips.ts";
import { type RunningProcess, start, until } from "../support/process.ts";
import { testWith } from "../support/requires.ts";
import { Both, comparable, filesIn, httpUrl, type Place, rtmpUrl, type Side } from "./both.ts";
import { Callbacks } from "./callbacks.ts";

const conf =
  (callbacks: Callbacks) =>
  ({ rtmp, http, directory }: Place) => {
    writeFileSync(`${directory}/dump.sh`, DUMP);
    return `
rtmp {
  log_format short '$command $app $name [$args] $remote_addr "$flashver" "$pageurl"';
  access_log ${directory}/access.log short;
  on_connect ${callbacks.url}/connect;
  on_disconnect ${callbacks.url}/disconnect;
  server {
    listen 127.0.0.1:${rtmp};
    deny publish 127.0.0.2;
    application live {
      live on;
      on_publish ${callbacks.url}/publish;
      on_play ${callbacks.url}/play;
      on_publish_done ${callbacks.url}/publish_done;
      on_play_done ${callbacks.url}/play_done;
      on_done ${callbacks.url}/done;
      on_record_done ${callbacks.url}/record_done;
      on_update ${callbacks.url}/update;
      notify_update_timeout 2s;
      record all;
      record_path ${directory};
      record_suffix .rec.flv;
      recorder sound { record audio; record_suffix .sound.flv; }
      recorder hand { record all manual; record_suffix .hand.flv; record_unique on; }
      exec_publish sh ${directory}/dump.sh published $app $name $args $addr $flashver \${tcurl};
      exec_publish_done sh ${directory}/dump.sh publish-done $app $name;
      exec_play sh ${directory}/dump.sh played $app $name $args $addr;
      exec_play_done sh ${directory}/dump.sh played-done $app $name;
      exec_record_done sh ${directory}/dump.sh recorded $recorder $path $filename $basename $dirname;
    }
    application shut { live on; allow publish 127.0.0.3; deny publish all; }
    application silent { live on; allow publish all; deny play all; }
    application unwatched { live on; idle_streams off; }
  }
}
http { server { listen 127.0.0.1:${http};
  location /stat { rtmp_stat all; rtmp_stat_stylesheet stat.xsl; }
  location /control { rtmp_control all; }
} }
`;
  };

/** Keeps the arguments of a command, and the environment it runs in. */
const DUMP = `cd "$(dirname "$0")"; name=$1; shift; echo "$@" >> "$name"; env | sort > "$name.env"
`;

/** How a client fared that had some seconds. */
type Fate = "goes on" | "ends well" | "fails";

async function fate(client: RunningProcess, ms: number): Promise<Fate> {
  await Promise.race([client.exited, Bun.sleep(ms)]);
  if (client.exitCode === undefined) return "goes on";
  return client.exitCode === 0 ? "ends well" : "fails";
}

const publisher = (file: string, url: string): RunningProcess =>
  start("ffmpeg", ["-v", "warning", "-nostdin", "-re", "-i", file, "-c", "copy", "-f", "flv", url]);

const player = (url: string): RunningProcess =>
  start("ffmpeg", ["-v", "warning", "-nostdin", "-rtmp_live", "live", "-i", url, "-f", "null", "-"]);

/** Names of elements, each below its parents, once. */
function tree(xml: string): readonly string[] {
  const open: string[] = [];
  const found = new Set<string>();
  for (const [, close, name = "", empty] of xml.matchAll(/<(\/?)([a-z_]+)[^>]*?(\/?)>/g)) {
    if (close) open.pop();
    else {
      found.add([...open, name].join("/"));
      if (!empty) open.push(name);
    }
  }
  return [...found];
}

async function control(side: Side, query: string): Promise<string> {
  const response = await fetch(httpUrl(side, `control/${query}`));
  return `${response.status} ${withoutTime(comparable(side, await response.text()))}`;
}

/** The events, one after the other. */
async function play(side: Side, file: string, callbacks: Callbacks) {
  const fates: Record<string, Fate> = {};
  const answers: Record<string, string> = {};
  await using first = publisher(file, rtmpUrl(side, "live/first?key=1&b=%20"));
  const playing = () => callbacks.calls.some((call) => call.startsWith("/update"));
  await until("first is live", 10_000, async () =>
    callbacks.calls.some((call) => call.startsWith("/publish ")) ? true : undefined,
  );
  await Bun.sleep(500);
  await using watching = player(rtmpUrl(side, "live/first?viewer=7"));
  await Bun.sleep(1000);
  {
    await using second = publisher(file, rtmpUrl(side, "live/first?second=1"));
    fates["second publisher of a name"] = await fate(second, 3000);
  }
  const clients = {
    "publisher of an unknown application": publisher(file, rtmpUrl(side, "nothing/x")),
    "publisher at a closed application": publisher(file, rtmpUrl(side, "shut/x")),
    "publisher whom the callback refuses": publisher(file, rtmpUrl(side, "live/refused")),
    "player at a closed application": player(rtmpUrl(side, "silent/x")),
    "player of what nobody publishes": player(rtmpUrl(side, "unwatched/x")),
  };
  for (const [name, client] of Object.entries(clients)) fates[name] = await fate(client, 4000);
  for (const client of Object.values(clients)) await client.stop("SIGKILL");
  {
    await using renamed = publisher(file, rtmpUrl(side, "live/old"));
    fates["publisher whom the callback renames"] = await fate(renamed, 1500);
    const stat = await (await fetch(httpUrl(side, "stat"))).text();
    answers.names = [...stat.matchAll(/<stream>\s*<name>([^<]*)/g)]
      .map(([, name]) => name)
      .toSorted()
      .join();
    answers.tree = tree(stat).toSorted().join("\n");
    answers.stylesheet = /<\?xml-stylesheet[^>]*>/.exec(stat)?.[0] ?? "";
    answers["record start"] = await control(side, "record/start?app=live&name=first&rec=hand");
    // naru begins at a keyframe.
    await Bun.sleep(2500);
    answers["record stop"] = await control(side, "record/stop?app=live&name=first&rec=hand");
    answers["record of nothing"] = await control(side, "record/start?app=live&name=none&rec=hand");
    answers["drop publisher"] = await control(side, "drop/publisher?app=live&name=new");
    fates["publisher who is dropped"] = await fate(renamed, 3000);
  }
  await until("an update", 5000, async () => (playing() ? true : undefined));
  answers["drop subscriber"] = await control(side, "drop/subscriber?app=live&name=first");
  fates["player who is dropped"] = await fate(watching, 3000);
  await first.stop("SIGINT");
  await until("files", 5000, async () => (existsSync(`${side.place.directory}/publish-done`) ? true : undefined));
  await Bun.sleep(1000);
  return { fates, answers };
}

const readLines = (side: Side, name: string): readonly string[] =>
  wanted(
    comparable(side, readFileSync(`${side.place.directory}/${name}`, "utf8"))
      .trimEnd()
      .split("\n"),
  );

/** Lines that only nginx-rtmp writes; docs/nginx.md lists the same. They are taken out of both. */
const WANTED: readonly { readonly what: RegExp; readonly why: string }[] = [
  {
    what: /second=1/,
    why: "it calls back and runs commands for a publisher whose name is taken, before it refuses him",
  },
  {
    what: /^(PLAY|PUBLISH) \w+ (x|refused) /,
    why: "its access log has those who were refused; naru's own log has them",
  },
];

/** Of a name that `record_unique` makes. */
const withoutTime = (text: string): string => text.replace(/-\d{10}(?=\.)/, "-TIME");

/** Each line once: nginx-rtmp lets a publisher whom it refuses write over the recording of the one whose name that is. */
function wanted(lines: readonly string[]): readonly string[] {
  const common = lines
    .filter((line) => !WANTED.some(({ what }) => what.test(line)))
    .map(withoutTime)
    // nginx-rtmp cuts it off at 31 bytes, and logs the name before the callback changed it.
    .map((line) =>
      line.replace(/(compatible; Lavf\d+\.\d+)(\.\d+\))?/, "$1").replace("PUBLISH live old ", "PUBLISH live new "),
    );
  return [...new Set(common)];
}

describe("the same script of events", () => {
  testWith("ffmpeg", "nginx")(
    "has the same outcome, calls, files and lines with nginx-rtmp and naru",
    async () => {
      const answer = (path: string, fields: URLSearchParams): Response => {
        if (path === "/publish" && fields.get("name") === "refused") return new Response("no", { status: 403 });
        if (path === "/publish" && fields.get("name") === "old")
          return new Response("", { status: 302, headers: { Location: "new" } });
        return new Response("ok");
      };
      using nginxCalls = new Callbacks(answer);
      using naruCalls = new Callbacks(answer);
      const callbacks = [nginxCalls, naruCalls];
      await using both = await Both.start((place) => conf(callbacks.shift() as Callbacks)(place));
      const file = await clip("h264-aac");
      const calls = { nginx: nginxCalls, naru: naruCalls };
      const found = await both.each(async (side) => {
        const outcome = await play(side, file, calls[side.name]);
        return {
          ...outcome,
          calls: wanted(calls[side.name].comparable(side)),
          sequences: calls[side.name].sequences((fields) => !fields.has("second")),
          files: filesIn(side).map(withoutTime),
          published: readLines(side, "published").toSorted(),
          environment: readLines(side, "published.env").filter((line) => !/^(_|PWD|OLDPWD|SHLVL)=/.test(line)),
          played: [...readLines(side, "played"), ...readLines(side, "played-done")],
          recorded: readLines(side, "recorded").toSorted(),
          log: readLines(side, "access.log").toSorted(),
        };
      });
      for (const part of [
        "fates",
        "answers",
        "published",
        "environment",
        "played",
        "recorded",
        "files",
        "log",
        "calls",
        "sequences",
      ] as const) {
        expect({ [part]: found.naru[part] }).toEqual({ [part]: found.nginx[part] });
      }
    },
    90_000,
  );
});
