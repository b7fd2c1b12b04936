// biome-ignore-all lint/suspicious/noTemplateCurlyInString: so nginx writes variables
import { describe, expect, test } from "bun:test";
import { COMBINED } from "../../access-log/format.ts";
import { type Config, configSchema } from "../schema.ts";
import { readNginx } from "./read.ts";

const read = (text: string) =>
  readNginx({ file: "nginx.conf", text, allowUnsupported: false, includes: { read: () => "", glob: () => [] } });
const conf = (body: string, server = "", rtmp = "", root = "") =>
  `${root} rtmp { ${rtmp} server { listen 1935; ${server} application live { live on; ${body} } } }`;

function resolve(text: string): Config {
  const { layer, mistakes } = read(text);
  expect(mistakes).toEqual([]);
  return configSchema.parse(layer.value);
}

const live = (body: string, server = "", rtmp = "", root = "") =>
  resolve(conf(body, server, rtmp, root)).applications.live;
const rows = (text: string) => read(text).nginx.map(({ text: row, status }) => `${row}: ${status}`);

describe("exec", () => {
  test("a process of each publisher is kept running as by nginx: at once killed, no environment", () => {
    expect(
      live("exec ffmpeg -i rtmp://localhost/$app/$name -f flv rtmp://localhost/hls/${name}_low 2>>/tmp/$name.log;")
        ?.run,
    ).toEqual([
      {
        when: "published",
        command: [
          "ffmpeg",
          "-i",
          "rtmp://localhost/$app/$name",
          "-f",
          "flv",
          "rtmp://localhost/hls/${name}_low",
          "2>>/tmp/$name.log",
        ],
        env: ["TZ"],
        respawn: true,
        respawnDelay: 5000,
        killSignal: "SIGKILL",
      },
    ]);
  });

  test("a block's own commands come first, and those of the blocks around it behind them", () => {
    const run = live("exec_push b; exec_pull c; exec a;", "exec_pull s; exec s2;", "exec_push r;")?.run;
    expect(run?.map(({ when, command }) => `${when} ${command}`)).toEqual([
      "published b",
      "published a",
      "published s2",
      "published r",
      "played c",
      "played s",
    ]);
  });

  test("signal and delay count for all, wherever they stand; respawn for its block", () => {
    const text = conf(
      "exec a; respawn off; exec_kill_signal term;",
      "",
      "exec_static s; respawn_timeout 1m;",
      "env A=b; env PATH;",
    );
    const { applications, background } = resolve(text);
    const env = ["TZ", "A=b", "PATH"];
    expect(background).toEqual([{ command: ["s"], env, respawn: true, respawnDelay: 60_000, killSignal: "SIGTERM" }]);
    expect(applications.live?.run[0]).toMatchObject({
      env,
      respawn: false,
      respawnDelay: 60_000,
      killSignal: "SIGTERM",
    });
    expect(rows(text).filter((row) => !row.endsWith(": mapped"))).toEqual([]);
  });

  test.each([
    ["2", "SIGINT"],
    ["KILL", "SIGKILL"],
    ["usr1", "SIGUSR1"],
  ] as const)("signal %s is %s", (written, signal) => {
    expect(live(`exec a; exec_kill_signal ${written};`)?.run[0]?.killSignal).toBe(signal);
  });

  test("an unknown signal is a mistake", () => {
    expect(read(conf("exec a; exec_kill_signal nope;")).mistakes.map(({ message }) => message)).toEqual([
      'unknown signal "nope"',
    ]);
  });

  test("exec_options takes names from the commands behind it, in its own block only", () => {
    const run = live(
      "exec a name=x; exec_options on; exec b name=x -i name=y;",
      "exec_options on; exec s name=z;",
      "exec r name=x;",
    )?.run;
    expect(run?.map(({ command, streams }) => [command.join(" "), streams])).toEqual([
      ["a name=x", undefined],
      ["b -i", ["x", "y"]],
      ["s", ["z"]],
      ["r name=x", undefined],
    ]);
  });

  test("what runs once is told by hooks", () => {
    const text = conf(`exec_publish p $name; exec_play q; exec_publish_done pd; exec_play_done qd;
      exec_record_done rd $path; exec_record_started rs;
      exec_options on; exec_play only name=x name=y;
      recorder r2 { exec_record_done own $path; }`);
    const hooks = resolve(text).applications.live?.hooks;
    const env = ["TZ"];
    expect(hooks?.onPublish).toMatchObject([{ command: ["p", "$name"], env, wait: false }]);
    expect(hooks?.onPlay).toMatchObject([
      { command: ["q"], wait: false },
      { command: ["only"], stream: "x", wait: false },
      { command: ["only"], stream: "y", wait: false },
    ]);
    expect(hooks?.onPublishDone).toMatchObject([{ command: ["pd"], env }]);
    expect(hooks?.onPlayDone).toMatchObject([{ command: ["qd"], env }]);
    expect(hooks?.onRecordStarted).toMatchObject([{ command: ["rs"], env }]);
    expect(hooks?.onRecordDone).toMatchObject([
      { command: ["rd", "$path"] },
      { command: ["own", "$path"], recorder: "r2" },
    ]);
  });
});

describe("access_log", () => {
  test.each([
    ["", "", []],
    ["access_log /l;", "", [{ file: "/l", format: COMBINED }]],
    [
      "access_log /l; access_log /m mine;",
      "access_log /s;",
      [
        { file: "/l", format: COMBINED },
        { file: "/m", format: "$app|$name" },
      ],
    ],
    ["", "access_log /s mine;", [{ file: "/s", format: "$app|$name" }]],
    ["access_log off;", "access_log /s;", []],
  ])("%s | %s", (body, server, expected) => {
    expect(live(body, server, "log_format mine '$app|' '$name';")?.accessLog).toEqual(expected);
  });

  test.each([
    ["access_log /l nope;", 'unknown log format "nope"'],
    ["access_log /l mine;", 'unknown log format "mine"'],
  ])("%s is a mistake", (body, message) => {
    expect(read(conf(body)).mistakes.map((mistake) => mistake.message)).toEqual([message]);
  });
});
