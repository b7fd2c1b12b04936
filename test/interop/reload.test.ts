import { describe, expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { clip } from "../support/clips.ts";
import { type Naru, startNaru } from "../support/naru.ts";
import { mediaPlaylistUrl, readPlaylist } from "../support/playlist.ts";
import { freePort } from "../support/ports.ts";
import { sleep, until } from "../support/process.ts";
import { testWith } from "../support/requires.ts";

/** Asks for the playlist and for the next part without a pause until it is stopped, and keeps what went wrong. */
class Viewer {
  readonly faults: string[] = [];
  requests = 0;
  #watching = true;
  readonly #done: Promise<void>;

  constructor(private readonly url: string) {
    this.#done = this.#watch();
  }

  async stop(): Promise<void> {
    this.#watching = false;
    await this.#done;
  }

  async #watch(): Promise<void> {
    while (this.#watching) {
      try {
        const { next, segments } = await readPlaylist(this.url);
        const blocking = `${this.url}?_HLS_msn=${next.msn}&_HLS_part=${next.part}`;
        for (const url of [blocking, segments.at(-1)?.url ?? blocking]) {
          const response = await fetch(url);
          await response.arrayBuffer();
          this.requests++;
          if (response.status !== 200) this.faults.push(`${url}: ${response.status}`);
        }
      } catch (error) {
        this.faults.push(String(error));
      }
    }
  }
}

class Reloads {
  #seen = 0;

  constructor(private readonly naru: Naru) {}

  /** Writes the configuration, has it read, and gives the lines that the server says of it. */
  async with(config: object | string): Promise<string> {
    const { rtmp, http } = this.naru.ports;
    const text = typeof config === "string" ? config : JSON.stringify(merge(config, rtmp, http));
    writeFileSync(this.naru.directory.join("naru.json"), text);
    this.#seen = this.naru.process.output.length;
    this.naru.process.signal("SIGHUP");
    return until("lines about the reload", 5000, async () => {
      const said = this.naru.process.output.slice(this.#seen);
      await sleep(100);
      return /configuration (re|not|ch)/.test(said) ? this.naru.process.output.slice(this.#seen) : undefined;
    });
  }
}

function merge(config: object, rtmp: number, http: number): object {
  const given = config as { rtmp?: object; http?: { listen?: readonly string[] } };
  return {
    https: { listen: [] },
    rtmps: { listen: [] },
    ...config,
    rtmp: { listen: [`127.0.0.1:${rtmp}`], ...given.rtmp },
    http: { ...given.http, listen: [`127.0.0.1:${http}`, ...(given.http?.listen ?? [])] },
  };
}

describe("a configuration that is read again", () => {
  testWith("ffmpeg")(
    "changes what can be changed, and neither the encoder nor the viewer of a stream notices",
    async () => {
      const file = await clip("h264-aac");
      await using naru = await startNaru();
      await using encoder = publishWithFfmpeg(file, naru.publishUrl("live/test"));
      const url = await mediaPlaylistUrl(await naru.live("live/test"));
      const before = await readPlaylist(url);
      const viewer = new Viewer(url);
      const reloads = new Reloads(naru);
      const second = `127.0.0.1:${await freePort()}`;
      await sleep(1000);

      // 1. A header and a directory of files.
      writeFileSync(naru.directory.join("hello.txt"), "hello");
      const site = { cors: "https://site.example", locations: [{ path: "/files/", alias: `${naru.directory.path}/` }] };
      expect(await reloads.with({ http: site })).toContain('setting=http.cors change="* -> https://site.example"');
      expect((await fetch(url)).headers.get("access-control-allow-origin")).toBe("https://site.example");
      expect(await (await fetch(`${naru.http}/files/hello.txt`)).text()).toBe("hello");

      // 2. One more address.
      expect(await reloads.with({ http: { listen: [second] } })).toContain("setting=http.listen");
      expect((await fetch(`http://${second}/live/test/main.m3u8`)).status).toBe(200);
      expect((await fetch(url)).headers.get("access-control-allow-origin")).toBe("*");

      // 3. Mistakes are said, and all stays as it is.
      expect(await reloads.with('{ "http": { "listne": 1 } }')).toMatch(
        /unknown setting "listne"[\s\S]*the old one stays/,
      );
      const taken = await reloads.with({ http: { listen: [second] }, rtmp: { listen: [second] } });
      expect(taken).toContain("is already taken");
      expect((await fetch(`http://${second}/health`)).status).toBe(200);

      // 4. Applications, and settings that a running stream keeps.
      const applications = { live: { hls: { part: 0.2 } }, other: { live: false }, "*": {} };
      const said = await reloads.with({ applications, log: "warn", state: false });
      expect(said).toMatch(/running streams keep what they have setting=applications\.live change=added running=1/);
      expect(said).toMatch(/needs a restart setting=state/);
      await expect(fetch(`http://${second}/health`)).rejects.toThrow();
      const refused = publishWithFfmpeg(file, naru.publishUrl("other/x"));
      expect(await refused.end(10_000)).not.toBe(0);

      // 5. As it was.
      await reloads.with({ log: "info" });
      expect(await reloads.with({ log: "info" })).toContain("nothing has changed");
      await sleep(1000);

      await viewer.stop();
      expect(viewer.faults).toEqual([]);
      expect(viewer.requests).toBeGreaterThan(20);
      const after = await readPlaylist(url);
      expect(after.segments.filter(({ discontinuity }) => discontinuity)).toEqual([]);
      expect(after.targetDuration).toBe(before.targetDuration);
      expect(after.next.msn).toBeGreaterThan(before.next.msn);
      expect(encoder.exitCode).toBeUndefined();
      expect(encoder.output).toBe("");
    },
    60_000,
  );
});
