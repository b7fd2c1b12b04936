import { afterAll, beforeAll, describe, expect } from "bun:test";
import { publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { clip } from "../support/clips.ts";
import { type Naru, startNaru } from "../support/naru.ts";
import { run, until } from "../support/process.ts";
import { isThere, testWith } from "../support/requires.ts";

const test = testWith("ffmpeg", "nodeav");
const TIMEOUT_MS = 60_000;

type Rgb = readonly [number, number, number];

/** Pixels of a picture as ffmpeg decodes it. */
async function decode(bytes: Uint8Array, filter = "null"): Promise<{ codec: string; size: string; mean: Rgb }> {
  const blob = () => new Blob([bytes as Uint8Array<ArrayBuffer>]);
  const entries = ["-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0", "-"];
  const probe = Bun.spawn(["ffprobe", "-v", "error", ...entries], { stdin: blob(), stdout: "pipe" });
  const [codec = "", ...size] = (await new Response(probe.stdout).text()).trim().split(",");
  const raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"];
  const decoder = Bun.spawn(["ffmpeg", "-v", "error", "-i", "-", "-vf", filter, ...raw], {
    stdin: blob(),
    stdout: "pipe",
  });
  const pixels = await decoder.stdout.bytes();
  const sums = [0, 0, 0];
  pixels.forEach((value, index) => {
    sums[index % 3] = (sums[index % 3] ?? 0) + value;
  });
  const [red = 0, green = 0, blue = 0] = sums.map((sum) => Math.round((sum * 3) / pixels.length));
  return { codec, size: size.join("x"), mean: [red, green, blue] };
}

/** ffmpeg's test picture is of bright colours; what is not filled is black. */
function expectTestPicture([red, green, blue]: Rgb): void {
  for (const value of [red, green, blue]) expect(value).toBeGreaterThan(80);
}

/** The processes of a server that make pictures. */
async function workersOf(pid: number): Promise<number[]> {
  const list = await run("ps", ["-eo", "pid=,ppid=,args="]);
  return list
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent, ...args]) => Number(parent) === pid && args.includes("picture-worker"))
    .map(([worker]) => Number(worker));
}

describe.each([0, 1])("pictures of real publishes, served by %i further threads", (threads) => {
  let naru: Naru;
  const publishers: AsyncDisposable[] = [];
  beforeAll(async () => {
    if (!isThere("ffmpeg")) return;
    const applications = { "*": {}, ts: { hls: { format: "mpegts" } } };
    naru = await startNaru({ config: { http: { threads }, applications, pictures: { interval: 1, cpu: 1 } } });
    for (const path of ["live/test", "ts/test"])
      publishers.push(publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl(path), { loop: true }));
    await Promise.all(["live/test", "ts/test"].map((path) => naru.live(path)));
  }, TIMEOUT_MS);
  afterAll(async () => {
    for (const publisher of publishers) await publisher[Symbol.asyncDispose]();
    await naru?.[Symbol.asyncDispose]();
  });

  const get = (path: string, headers: Record<string, string> = {}) => fetch(`${naru.http}/${path}`, { headers });
  /** On a busy machine the answer may be that there is none yet. */
  const getPicture = (path: string, headers: Record<string, string> = {}) =>
    until(path, 30_000, async () => {
      const response = await get(path, headers);
      return response.status === 503 ? undefined : response;
    });

  test(
    "a thumbnail, in the format and width that are asked for",
    async () => {
      const cases = [
        ["live/test/thumbnail.jpg", "*/*", "image/jpeg", "mjpeg", "480x270"],
        ["live/test/thumbnail.jpg?width=300", "image/avif,image/webp,*/*", "image/webp", "webp", "320x180"],
        ["live/test/thumbnail.webp", "*/*", "image/webp", "webp", "480x270"],
        ["ts/test/thumbnail.jpg?width=2000", "image/*", "image/jpeg", "mjpeg", "640x360"],
      ] as const;
      for (const [path, accept, type, codec, size] of cases) {
        const response = await getPicture(path, { accept });
        expect([response.status, response.headers.get("content-type"), response.headers.get("vary")]).toEqual([
          200,
          type,
          "Accept",
        ]);
        expect(response.headers.get("cache-control")).toMatch(/^max-age=[12]$/);
        const picture = await decode(await response.bytes());
        expect([picture.codec, picture.size]).toEqual([codec, size]);
        expectTestPicture(picture.mean);
      }
    },
    TIMEOUT_MS,
  );

  test("who has a picture already is told so", async () => {
    const etag = (await getPicture("live/test/thumbnail.jpg")).headers.get("etag") ?? "";
    const again = await get("live/test/thumbnail.jpg", { "if-none-match": etag });
    // There may be a new one since.
    expect(again.headers.get("etag") === etag ? 304 : 200).toBe(again.status);
  });

  for (const path of ["live/test", "ts/test"]) {
    test(
      `a storyboard, and the list of its pictures: ${path}`,
      async () => {
        const list = await until("a storyboard of two segments", 30_000, async () => {
          const response = await get(`${path}/storyboard.vtt`);
          expect(response.headers.get("content-type")).toBe("text/vtt; charset=utf-8");
          const text = await response.text();
          return (text.match(/#xywh/g)?.length ?? 0) >= 2 ? text : undefined;
        });
        expect(list).toStartWith("WEBVTT\n");
        const cues = [...list.matchAll(/^00:00:([\d.]+) --> 00:00:([\d.]+)\n(.+)#xywh=(\d+),(\d+),160,90$/gm)];
        expect(cues[0]?.[1]).toBe("00.000");
        const sheet = await getPicture(`${path}/${cues[0]?.[3]}`);
        expect(sheet.status).toBe(200);
        const bytes = await sheet.bytes();
        expect((await decode(bytes)).size).toMatch(/^1600x(180|270)$/);
        for (const [index, [, start, end, , x, y]] of cues.entries()) {
          expect(Number(end)).toBeGreaterThan(Number(start));
          if (index > 0) expect(start).toBe(cues[index - 1]?.[2] ?? "");
          expectTestPicture((await decode(bytes, `crop=160:90:${x}:${y}`)).mean);
        }
      },
      TIMEOUT_MS,
    );
  }

  test("what is not there is not found", async () => {
    for (const path of ["live/other/thumbnail.jpg", "live/other/storyboard.vtt", "live/other/storyboard.webp"]) {
      expect((await get(path)).status).toBe(404);
    }
    expect((await get("live/test/thumbnail.png")).headers.get("content-type")).not.toContain("image");
  });

  test("streams tell where their pictures are", async () => {
    const { streams } = (await (await get("api/streams")).json()) as { streams: { path: string; urls: object }[] };
    expect(streams.find(({ path }) => path === "live/test")?.urls).toMatchObject({
      thumbnail: "/live/test/thumbnail.jpg",
      storyboard: "/live/test/storyboard.vtt",
    });
  });

  test(
    "a process that is killed is replaced, and goes with the server",
    async () => {
      const [worker = 0] = await workersOf(naru.process.pid);
      expect(worker).toBeGreaterThan(0);
      process.kill(worker, "SIGKILL");
      expect((await getPicture("live/test/thumbnail.jpg?width=960")).status).toBe(200);
      const [next = 0, ...others] = await workersOf(naru.process.pid);
      expect(others).toEqual([]);
      expect(next).not.toBe(worker);
      await naru[Symbol.asyncDispose]();
      await until("the process has ended", 5_000, async () => {
        const left = await run("ps", ["-eo", "pid=,stat="]);
        return new RegExp(`^\\s*${next} [^Z]`, "m").test(left) ? undefined : true;
      });
    },
    TIMEOUT_MS,
  );
});
