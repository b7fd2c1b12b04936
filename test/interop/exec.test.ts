// biome-ignore-all lint/suspicious/noTemplateCurlyInString: so nginx writes variables
import { describe, expect } from "bun:test";
import { existsSync, readFileSync, renameSync } from "node:fs";
import { publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { startNginx } from "../support/clients/nginx.ts";
import { clip } from "../support/clips.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { startNaru } from "../support/naru.ts";
import { freePort } from "../support/ports.ts";
import { until } from "../support/process.ts";
import { testWith } from "../support/requires.ts";

const text = (file: string) => (existsSync(file) ? readFileSync(file, "utf8") : "");
const isAlive = (pid: string) =>
  existsSync(`/proc/${pid.trim()}/stat`) && !/^\d+ \([^)]*\) Z/.test(text(`/proc/${pid.trim()}/stat`));

/** `env` and `name` are what the process is given. */
const rtmp = (port: number, directory: string) => `
rtmp {
    access_log ${directory}/access.log;
    log_format mine '$remote_addr|$app|$flashver|$swfurl|$tcurl|$pageurl|$command|$name|$args|';
    server {
        listen 127.0.0.1:${port};
        exec_static /bin/sh -c 'echo "$$ $name" > ${directory}/static.pid; exec sleep 60';
        application live {
            live on;
            exec_push /bin/sh -c "env > ${directory}/env; echo \\$\\$ > ${directory}/pushed.pid; exec sleep 60";
            exec_push /bin/echo \${name}_low $name_x $app '\\$name' "$args" $addr $flashver $tcurl $pageurl|$nope| >>${directory}/args 2>&1;
            exec_publish /bin/echo $name $args >${directory}/published;
            exec_publish_done /bin/echo done $name >${directory}/done;
            respawn_timeout 60s;
        }
        application mine { live on; access_log ${directory}/mine.log mine; }
    }
}`;

type Outcome = Readonly<Record<"env" | "args" | "published" | "done" | "log" | "mine", string>>;

/** Publishes to both applications, and tells what came of it. */
async function outcome(port: number, directory: string): Promise<Outcome> {
  const media = await clip("h264-aac");
  {
    await using _ = publishWithFfmpeg(media, `rtmp://127.0.0.1:${port}/live/test?k=v&x=1`);
    await using __ = publishWithFfmpeg(media, `rtmp://127.0.0.1:${port}/mine/test?k=v`);
    for (const file of ["pushed.pid", "args", "published"]) {
      await until(file, 10_000, async () => text(`${directory}/${file}`) !== "" || undefined);
    }
    await Bun.sleep(1200);
    expect(isAlive(text(`${directory}/pushed.pid`))).toBe(true);
  }
  await until("its end", 10_000, async () => !isAlive(text(`${directory}/pushed.pid`)) || undefined);
  for (const file of ["done", "access.log", "mine.log"]) {
    await until(file, 10_000, async () => text(`${directory}/${file}`) !== "" || undefined);
  }
  // nginx-rtmp cuts flashVer at 31 characters.
  const read = (file: string) =>
    text(`${directory}/${file}`)
      .replaceAll(String(port), "PORT")
      .replace(/FMLE[^"|]+?(?=$|["|]| rtmp)/gm, "FLASHVER");
  return {
    env: read("env")
      .split("\n")
      .filter((line) => !line.startsWith("PWD="))
      .sort()
      .join("\n"),
    args: read("args"),
    published: read("published"),
    done: read("done"),
    log: read("access.log")
      .replace(/\d+\/\w+\/\d+:[\d:]+/, "TIME")
      .replace(/- \d+ \d+ /, "- IN OUT ")
      .replace(/\(\d+s\)/, "(TIME)"),
    mine: read("mine.log"),
  };
}

describe("processes and logs", () => {
  testWith("ffmpeg", "nginx")(
    "are those of nginx-rtmp: arguments, environment, redirections, lines",
    async () => {
      const port = await freePort();
      const http = await freePort();
      const root = "env FOO=bar;";
      using directory = new TemporaryDirectory();
      await using _ = await startNginx(
        `${root}${rtmp(port, directory.path)}\nhttp { access_log off; server { listen 127.0.0.1:${http}; } }`,
        http,
      );
      let naruDirectory = "";
      await using naru = await startNaru({
        nginxConf: (ports, path) => {
          naruDirectory = path;
          return `${root}${rtmp(ports.rtmp, path)}\nhttp { server { listen 127.0.0.1:${ports.http}; location / { root ${path}; } } }`;
        },
      });
      const [theirs, ours] = await Promise.all([
        outcome(port, directory.path),
        outcome(naru.ports.rtmp, naruDirectory),
      ]);
      expect(theirs.args).toContain("test_low test_x live $name k=v&x=1 127.0.0.1");
      expect(ours).toEqual({ ...theirs, args: ours.args });
      // Debian's nginx writes its debug output to the process's stderr.
      expect(theirs.args).toEndWith(ours.args);

      const pid = text(`${naruDirectory}/static.pid`).split(" ")[0] ?? "";
      expect(isAlive(pid)).toBe(true);
      renameSync(`${naruDirectory}/access.log`, `${naruDirectory}/old.log`);
      process.kill(naru.process.pid, "SIGUSR1");
      await until("a new file", 5000, async () => existsSync(`${naruDirectory}/access.log`) || undefined);
      await naru.process.stop("SIGKILL");
      await until("the end of what runs with the server", 5000, async () => !isAlive(pid) || undefined);
    },
    60_000,
  );

  testWith("ffmpeg")(
    "a transcoder that is started for each publisher publishes to another application",
    async () => {
      await using naru = await startNaru({
        nginxConf: (ports, path) =>
          `
rtmp {
    server {
        listen 127.0.0.1:${ports.rtmp};
        application src {
            live on;
            exec ffmpeg -v error -i rtmp://127.0.0.1:${ports.rtmp}/$app/$name
                -c:v libx264 -preset ultrafast -g 30 -s 160x90 -c:a copy -f flv rtmp://127.0.0.1:${ports.rtmp}/hls/\${name}_low
                -c copy -f flv rtmp://127.0.0.1:${ports.rtmp}/hls/\${name}_src 2>>${path}/ffmpeg-$name.log;
        }
        application hls {
            live on;
            hls on;
            hls_path ${path}/hls;
            hls_fragment 1s;
            hls_variant _low BANDWIDTH=100000;
            hls_variant _src BANDWIDTH=900000;
        }
    }
}
http { server { listen 127.0.0.1:${ports.http}; location /hls { root ${path}; } } }`.replaceAll("\\$", "$"),
      });
      const publisher = publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl("src/test"));
      for (const name of ["test_low", "test_src"]) {
        await until(name, 30_000, async () => (await fetch(`${naru.http}/hls/${name}.m3u8`)).ok || undefined);
      }
      expect(await (await fetch(`${naru.http}/hls/test.m3u8`)).text()).toContain("test_low.m3u8");
      expect(await heightOf(`${naru.http}/hls/test_low.m3u8`)).toBe("90");
      const transcoders = () => childrenOf(naru.process.pid).filter((command) => command.startsWith("ffmpeg"));
      expect(transcoders()).toHaveLength(1);
      expect(text(naru.directory.join("ffmpeg-test.log"))).not.toContain("rror");
      await publisher.stop();
      await until("the transcoder's end", 10_000, async () => transcoders().length === 0 || undefined);
    },
    60_000,
  );
});

/** Names of the programs that a process has started. */
function childrenOf(pid: number): readonly string[] {
  const { stdout } = Bun.spawnSync(["ps", "-o", "comm=", "--ppid", String(pid)]);
  return stdout.toString().split("\n").filter(Boolean);
}

async function heightOf(url: string): Promise<string> {
  const options = ["-v", "error", "-select_streams", "v", "-show_entries", "stream=height", "-of", "csv=p=0"];
  const { stdout } = Bun.spawn(["ffprobe", ...options, url], { stderr: "ignore" });
  return (await new Response(stdout).text()).trim().split(/\s+/)[0] ?? "";
}
