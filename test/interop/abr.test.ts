import { describe, expect } from "bun:test";
import { childProcesses, slowDown } from "../support/child-processes.ts";
import { publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { clip } from "../support/clips.ts";
import { type Naru, startNaru } from "../support/naru.ts";
import { type ReadPlaylist, readPlaylist } from "../support/playlist.ts";
import { run, sleep, until } from "../support/process.ts";
import { testWith } from "../support/requires.ts";

type RungSummary = { readonly name: string; readonly state: string; readonly reason?: string };

/** For a source of 640x360. Not at lower priority, since other tests want the CPU, too. */
const ABR = { rungs: [{ height: 240 }, { height: 180 }], linger: "2s", nice: 0 };
/** The first picture of a rung, from the first request for it. */
const FIRST_WITHIN_MS = 2000;

const start = (abr: object = ABR) => startNaru({ config: { applications: { live: { abr } } } });
const transcoders = ({ process }: Naru) => childProcesses(process.pid, "transcode-worker");
const media = (naru: Naru, name: string) => `${naru.http}/live/test/${name}.m3u8`;

/** Waits until the stream is there with its rungs. */
async function announced(naru: Naru, ...names: readonly string[]): Promise<string> {
  const url = await naru.live("live/test");
  return until("the rungs in the multivariant playlist", 10_000, async () => {
    const text = await (await fetch(url)).text();
    return names.every((name) => text.includes(`\n${name}.m3u8`)) ? text : undefined;
  });
}

async function rungs(naru: Naru): Promise<Readonly<Record<string, RungSummary>>> {
  const found = (await (await fetch(`${naru.http}/api/streams/live/test`)).json()) as { rungs?: RungSummary[] };
  return Object.fromEntries((found.rungs ?? []).map((rung) => [rung.name, rung]));
}

/** Asks for a rung until there is something to play, and fetches it. @returns how long that took */
async function firstPicture(naru: Naru, name: string): Promise<number> {
  const asked = performance.now();
  const url = media(naru, name);
  const { init, bytes } = await until("a first part", 50_000, async () => {
    const { init, segments, text } = await readPlaylist(url);
    const part = segments[0]?.url ?? /#EXT-X-PART:.*URI="([^"]+)"/.exec(text)?.[1];
    if (part === undefined) return undefined;
    const response = await fetch(new URL(part, url));
    return response.ok ? { init, bytes: (await response.arrayBuffer()).byteLength } : undefined;
  }).catch((error: unknown) => {
    throw naru.process.failure(String(error));
  });
  const took = performance.now() - asked;
  expect((await fetch(init ?? "")).status).toBe(200);
  expect(bytes).toBeGreaterThan(500);
  return took;
}

/** What a viewer of a media playlist sees over a while. */
class Watched {
  readonly segments = new Map<number, ReadPlaylist["segments"][number]>();
  readonly failures: string[] = [];

  constructor(private readonly url: string) {}

  async look(): Promise<void> {
    try {
      for (const segment of (await readPlaylist(this.url)).segments) {
        if (!this.segments.has(segment.msn)) this.segments.set(segment.msn, segment);
      }
    } catch (error) {
      this.failures.push(String(error));
    }
  }

  /** Media sequence numbers, in the order in which they were seen. */
  get msns(): readonly number[] {
    return [...this.segments.keys()];
  }
}

const isGapless = (msns: readonly number[]): boolean =>
  msns.every((msn, index) => index === 0 || msn === (msns[index - 1] ?? 0) + 1);

describe("adaptive bitrate", () => {
  testWith("ffmpeg", "nodeav")(
    "a rung is made on demand within two seconds, aligned with the source, and no longer than somebody watches",
    async () => {
      await using naru = await start();
      await using _ = publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl("live/test"), { loop: true });
      const multivariant = await announced(naru, "240p", "180p");
      expect(multivariant.indexOf("main.m3u8")).toBeLessThan(multivariant.indexOf("240p.m3u8"));
      expect(multivariant).toMatch(/RESOLUTION=426x240/);
      expect(transcoders(naru)).toEqual([]);
      expect(await rungs(naru)).toMatchObject({ "240p": { state: "idle" }, "180p": { state: "idle" } });

      const took: number[] = [];
      for (let round = 0; round < 2; round++) {
        took.push(await firstPicture(naru, "240p"));
        expect(transcoders(naru)).toHaveLength(1);
        expect((await rungs(naru))["240p"]?.state).toBe("running");
        if (round === 0) {
          // A second one comes from the same process.
          took.push(await firstPicture(naru, "180p"));
          expect(transcoders(naru)).toHaveLength(1);
          const [source, rung] = await Promise.all([
            readPlaylist(media(naru, "main")),
            readPlaylist(media(naru, "240p")),
          ]);
          const shared = rung.segments.filter(({ msn }) => source.segments.some((segment) => segment.msn === msn));
          expect(shared.length).toBeGreaterThan(0);
          for (const { msn, duration } of shared) {
            expect(duration).toBe(source.segments.find((segment) => segment.msn === msn)?.duration ?? -1);
          }
          const probed = await run("ffprobe", [
            ...["-v", "error", "-select_streams", "v", "-of", "csv=p=0"],
            ...["-show_entries", "stream=profile,width,height,level", media(naru, "240p")],
          ]);
          // As it was announced before it was made.
          expect(probed).toContain("High,426,240,21");
          expect(multivariant).toMatch(/CODECS="avc1\.640015,mp4a\.40\.2".*\n240p\.m3u8/);
        }
        await until("no transcoder", 15_000, async () => (transcoders(naru).length === 0 ? true : undefined));
        expect((await rungs(naru))["240p"]?.state).toBe("idle");
      }
      console.log(`first part of a rung after ${took.map(Math.round).join(", ")} ms`);
      expect(Math.min(...took)).toBeLessThan(FIRST_WITHIN_MS);
    },
    120_000,
  );

  testWith("ffmpeg", "nodeav")(
    "a transcoder that is killed is replaced: its viewers go on, the source notices nothing",
    async () => {
      await using naru = await start();
      await using _ = publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl("live/test"), { loop: true });
      await announced(naru, "240p");
      await firstPicture(naru, "240p");
      const [source, rung] = [new Watched(media(naru, "main")), new Watched(media(naru, "240p"))];
      const look = async (seconds: number) => {
        for (const end = performance.now() + seconds * 1000; performance.now() < end; await sleep(200)) {
          await Promise.all([source.look(), rung.look()]);
        }
      };
      await look(1.5);
      const [first] = transcoders(naru);
      if (first === undefined) throw new Error("no transcoder");
      const seen = Math.max(...rung.msns);
      process.kill(first, "SIGKILL");
      await look(6);

      const [second, ...others] = transcoders(naru);
      expect(others).toEqual([]);
      expect(second).not.toBe(first);
      expect(naru.process.output).toMatch(/a transcoder failed .*SIGKILL/);
      expect([...source.failures, ...rung.failures]).toEqual([]);
      expect(isGapless(source.msns)).toBe(true);
      expect(isGapless(rung.msns)).toBe(true);
      expect(Math.max(...rung.msns)).toBeGreaterThanOrEqual(seen + 2);
      expect([...source.segments.values()].filter(({ discontinuity }) => discontinuity)).toEqual([]);
      expect([...rung.segments.values()].filter(({ discontinuity }) => discontinuity).length).toBeLessThanOrEqual(1);
      for (const { url } of rung.segments.values()) expect((await fetch(url)).status).toBe(200);
    },
    120_000,
  );

  testWith("ffmpeg", "nodeav")(
    "when the machine cannot keep up the dearest rung is given up, and said; the source keeps real time",
    async () => {
      await using naru = await start({ ...ABR, always: true });
      await using _ = publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl("live/test"), { loop: true });
      await announced(naru, "240p", "180p");
      await firstPicture(naru, "180p");
      const [pid] = transcoders(naru);
      if (pid === undefined) throw new Error("no transcoder");
      const source = new Watched(media(naru, "main"));
      const fast = slowDown(pid, { run: 15, pause: 985 });
      try {
        await until("the 240p rung is given up", 40_000, async () => {
          await source.look();
          return (await rungs(naru))["240p"]?.state === "shed" ? true : undefined;
        });
      } finally {
        fast();
      }
      expect((await rungs(naru))["240p"]?.reason).toMatch(/^the machine cannot keep up \(\d+\.\d s behind\)$/);
      expect(naru.process.output).toMatch(/a rung is given up .*rung=240p/);
      expect(await (await fetch(naru.playlistUrl("live/test"))).text()).not.toContain("240p.m3u8");
      expect((await fetch(media(naru, "240p"))).status).toBe(404);
      await source.look();
      expect(source.failures).toEqual([]);
      expect(isGapless(source.msns)).toBe(true);
    },
    120_000,
  );
});
