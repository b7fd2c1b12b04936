import { describe, expect } from "bun:test";
import { copyFileSync, writeFileSync } from "node:fs";
import { publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { clip } from "../support/clips.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { startNaru } from "../support/naru.ts";
import { readPlaylist } from "../support/playlist.ts";
import { run } from "../support/process.ts";
import { projectPath } from "../support/project.ts";
import { testWith } from "../support/requires.ts";

describe("the executable", () => {
  testWith("ffmpeg")(
    "starts by itself, and has the watch page and its scripts inside",
    async () => {
      await run(process.execPath, [projectPath("scripts/build.ts")]);
      using elsewhere = new TemporaryDirectory();
      const program = elsewhere.join("naru");
      copyFileSync(projectPath("dist/naru"), program);
      await using naru = await startNaru({ command: [program], config: { http: { threads: 1 } } });

      writeFileSync(elsewhere.join("abr.yaml"), "applications: { live: { abr: true } }\n");
      const checked = await run(program, ["check", "-c", elsewhere.join("abr.yaml")]);
      expect(checked).toContain("the media library node-av is not installed; `npm install node-av` in the directory");

      const page = await fetch(`${naru.http}/live/test`);
      expect(page.status).toBe(200);
      const html = await page.text();
      const scripts = [...html.matchAll(/<script[^>]*\ssrc="([^"]+)"/g)].map((match) => match[1] as string);
      expect(scripts.length).toBeGreaterThan(0);
      for (const script of scripts) {
        const response = await fetch(new URL(script, page.url));
        expect(response.status).toBe(200);
        expect(response.headers.get("content-type")).toContain("javascript");
        expect((await response.text()).length).toBeGreaterThan(1000);
      }

      await using _ = publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl("live/test"));
      const playlist = await readPlaylist(await naru.live("live/test"));
      expect(playlist.text).toContain("#EXT-X-STREAM-INF");
    },
    90_000,
  );
});
