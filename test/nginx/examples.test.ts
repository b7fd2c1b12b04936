import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { check } from "../../src/cli/check.ts";
import { createStyle } from "../../src/cli/terminal.ts";
import { projectPath } from "../support/project.ts";

const DIRECTORY = projectPath("examples/nginx");

/** For each file a setting that it must lead to, and what a notice may be about. */
const FILES: Readonly<Record<string, readonly RegExp[]>> = {
  "live-hls.conf": [
    /files +\/tmp\/hls\/KEY\.m3u8\n +at http:\S+:8080\/hls\/KEY\.m3u8/,
    /applications\.live\.access .*127\.0\.0\.1/,
  ],
  "ladder.conf": [/applications\.src\.run\b.*ffmpeg/, /hls\.variants.*_720p/, /files +\/var\/lib\/streams\/hls\/KEY/],
  "callbacks.conf": [
    /hooks\.onPublish\b.*\/rtmp\/publish/,
    /hooks\.onRecordDone .*"recorder":"archive"/,
    /record\.archive\.pieceDuration +"1h"/,
    /record\.highlight\.manual +true/,
    /\/stat serves statistics[\s\S]*\/control serves orders/,
    /applications\.live\.push.*backup\.example\.com/,
    /applications\.archive\.files\.from/,
  ],
};

test("there is something to say of each example", () => {
  expect(readdirSync(DIRECTORY).toSorted()).toEqual(Object.keys(FILES).toSorted());
});

test.each(Object.entries(FILES))("%s is taken as it is", async (file, settings) => {
  let out = "";
  let err = "";
  const io = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    style: createStyle(false),
    env: {},
    cwd: DIRECTORY,
  };
  const code = await check({ options: { cwd: DIRECTORY, env: {}, file } }, io);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  for (const setting of settings) expect(out).toMatch(setting);
  const left = out.match(/is not supported/g) ?? [];
  expect({ left, user: out.includes('"user www-data" is not supported') }).toEqual({
    left: ["is not supported"],
    user: true,
  });
});
