import { beforeAll, describe, expect } from "bun:test";
import { isThere, testWith } from "../../../test/support/requires.ts";
import { loadMediaLibrary, type MediaLibrary } from "../../media-process/library.ts";
import { tileBytes } from "../messages.ts";
import type { Keyframe, Picture, PictureFormat } from "../picture.ts";
import { cmafKeyframe, tsKeyframe, videoOf } from "../segment-keyframe.ts";
import { work } from "./work.ts";

const TIMEOUT_MS = 60_000;
const test = (name: string, body: () => Promise<void>) => testWith("ffmpeg", "nodeav")(name, body, TIMEOUT_MS);
let av: MediaLibrary;

beforeAll(async () => {
  if (!isThere("nodeav")) return;
  const loaded = await loadMediaLibrary();
  if (!loaded) throw new Error("node-av is there and was not found");
  av = loaded;
  av.Log.setLevel(av.AV_LOG_QUIET);
});

async function ffmpeg(args: readonly string[], input?: Uint8Array): Promise<Uint8Array> {
  const run = Bun.spawn(["ffmpeg", "-v", "error", "-nostdin", ...args, "-"], {
    stdin: input ? new Blob([input as Uint8Array<ArrayBuffer>]) : "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [bytes, said, code] = await Promise.all([run.stdout.bytes(), new Response(run.stderr).text(), run.exited]);
  if (code !== 0) throw new Error(`ffmpeg: ${said}`);
  return bytes;
}

/** One frame: red on the left, blue on the right, by a real encoder. @param shape size, and aspect ratio of samples */
async function encode(shape: string, video: readonly string[], container: readonly string[]): Promise<Uint8Array> {
  const [size = "", sar = "1"] = shape.split(" ");
  const [width = 0, height = 0] = size.split("x").map(Number);
  const half = `color=red:s=${width / 2}x${height},format=rgb24[l];color=blue:s=${width / 2}x${height},format=rgb24[r]`;
  const graph = `${half};[l][r]hstack,scale=out_color_matrix=bt709:out_range=tv,setsar=${sar}`;
  const colour = ["-colorspace", "bt709", "-color_range", "tv"];
  const source = ["-filter_complex", graph, "-frames:v", "1", "-pix_fmt", "yuv420p", ...colour];
  return ffmpeg([...source, ...video, ...container]);
}

const MP4 = ["-movflags", "frag_keyframe+empty_moov+default_base_moof", "-f", "mp4"];

async function keyframe(shape: string, ...video: string[]): Promise<Keyframe> {
  const file = await encode(shape, video, MP4);
  const track = videoOf(file);
  const found = track && cmafKeyframe(file, track);
  if (!found) throw new Error("no keyframe in what ffmpeg made");
  return found;
}

/** Colours at a quarter and three quarters of the width, as ffmpeg decodes them. */
async function colours({ bytes, width, height }: Picture): Promise<readonly [readonly number[], readonly number[]]> {
  const rgb = await ffmpeg(["-i", "pipe:0", "-f", "rawvideo", "-pix_fmt", "rgb24"], bytes);
  expect(rgb.length).toBe(width * height * 3);
  const at = (x: number, y: number) => [...rgb.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
  const middle = Math.floor(height / 2);
  return [at(Math.floor(width / 4), middle), at(Math.floor((width * 3) / 4), middle)];
}

const RED = [255, 0, 0];
const BLUE = [0, 0, 255];

function expectColour(found: readonly number[], wanted: readonly number[]): void {
  found.forEach((value, index) => {
    expect(Math.abs(value - (wanted[index] ?? 0))).toBeLessThan(24);
  });
}

function thumbnail(frame: Keyframe, width: number, format: PictureFormat = "jpeg"): Picture {
  const done = work(av, { type: "thumbnail", id: 1, keyframe: frame, width, format });
  if (!("picture" in done)) throw new Error("no picture");
  return done.picture;
}

const X264 = ["-c:v", "libx264", "-preset", "ultrafast"];
const X265 = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none"];

describe("thumbnails of what real encoders make", () => {
  const cases: readonly (readonly [
    name: string,
    shape: string,
    video: readonly string[],
    width: number,
    height: number,
  ])[] = [
    ["H.264", "640x360", X264, 480, 270],
    ["H.264, 10 bits, 4:2:2", "640x360", [...X264, "-pix_fmt", "yuv422p10le"], 480, 270],
    ["H.264, odd size", "854x481", [...X264, "-pix_fmt", "yuv444p"], 480, 270],
    ["H.264, portrait", "360x640", X264, 360, 640],
    ["H.264, 4:3 in samples that are not square", "720x576 16/15", X264, 480, 360],
    ["H.264, smaller than a thumbnail", "320x180", X264, 320, 180],
    ["H.264, interlaced", "640x360", [...X264, "-flags", "+ildct+ilme", "-x264opts", "tff=1"], 480, 270],
    ["HEVC, 10 bits", "640x360", [...X265, "-pix_fmt", "yuv420p10le"], 480, 270],
    ["AV1, 10 bits", "640x360", ["-c:v", "libsvtav1", "-preset", "12", "-pix_fmt", "yuv420p10le"], 480, 270],
    ["VP9", "640x360", ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"], 480, 270],
  ];
  for (const [name, shape, video, width, height] of cases) {
    test(name, async () => {
      const picture = thumbnail(await keyframe(shape, ...video), 480);
      expect([picture.width, picture.height]).toEqual([width, height]);
      const [left, right] = await colours(picture);
      expectColour(left, RED);
      expectColour(right, BLUE);
    });
  }
});

test("a WebP has the same colours", async () => {
  const picture = thumbnail(await keyframe("640x360", ...X264), 320, "webp");
  expect(new TextDecoder().decode(picture.bytes.subarray(8, 12))).toBe("WEBP");
  const [left, right] = await colours(picture);
  expectColour(left, RED);
  expectColour(right, BLUE);
});

test("colours of HDR and of old television take no longer", async () => {
  for (const [primaries, transfer, matrix] of [
    ["bt2020", "smpte2084", "bt2020nc"],
    ["smpte170m", "smpte170m", "smpte170m"],
  ]) {
    const colour = ["-color_primaries", `${primaries}`, "-color_trc", `${transfer}`, "-colorspace", `${matrix}`];
    const frame = await keyframe("640x360", ...X264, ...colour);
    const before = process.cpuUsage();
    thumbnail(frame, 480);
    const { user, system } = process.cpuUsage(before);
    // Microseconds. A conversion of primaries takes three seconds.
    expect(user + system).toBeLessThan(1_000_000);
  }
});

test("of MPEG-TS", async () => {
  const frame = tsKeyframe(await encode("640x360", X264, ["-f", "mpegts"]));
  if (!frame) throw new Error("no keyframe");
  expect(frame.record).toHaveLength(0);
  const [left, right] = await colours(thumbnail(frame, 160));
  expectColour(left, RED);
  expectColour(right, BLUE);
});

test("a sheet has each tile at its place, black elsewhere", async () => {
  const size = { width: 160, height: 90 };
  const wide = work(av, { type: "tile", id: 1, keyframe: await keyframe("640x360", ...X264), size });
  const tall = work(av, { type: "tile", id: 2, keyframe: await keyframe("360x640", ...X264), size });
  if (!("samples" in wide && "samples" in tall)) throw new Error("no samples");
  expect(wide.samples).toHaveLength(tileBytes(size));
  const tiles = [
    { place: 1, samples: wide.samples },
    { place: 3, samples: tall.samples },
  ];
  for (const format of ["jpeg", "webp"] as const) {
    const done = work(av, { type: "sheet", id: 3, format, tile: size, columns: 2, rows: 2, tiles });
    if (!("picture" in done)) throw new Error("no picture");
    const { bytes, width, height } = done.picture;
    expect([width, height]).toEqual([320, 180]);
    const rgb = await ffmpeg(["-i", "pipe:0", "-f", "rawvideo", "-pix_fmt", "rgb24"], bytes);
    const at = (x: number, y: number) => [...rgb.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
    expectColour(at(80, 45), [0, 0, 0]);
    expectColour(at(200, 45), RED);
    expectColour(at(280, 45), BLUE);
    expectColour(at(170, 135), [0, 0, 0]);
    expectColour(at(227, 135), RED);
    expectColour(at(253, 135), BLUE);
  }
});

test("what cannot be decoded says why", async () => {
  const frame = await keyframe("640x360", ...X264);
  const broken = { ...frame, data: frame.data.slice().fill(0x55) };
  expect(() => thumbnail(broken, 480)).toThrow(/^cannot decode: /);
  expect(() => thumbnail({ ...frame, record: new Uint8Array([9, 9, 9]), data: frame.data }, 480)).toThrow(/^cannot /);
});
