import { describe, expect, test } from "bun:test";
import { testWith } from "../../test/support/requires.ts";
import { CELL_SIZE, type CellPicture, COLUMNS, createCellPicture, VISIBLE_ROWS } from "./cells.ts";
import { H264Encoder } from "./h264-encoder.ts";

const WIDTH = COLUMNS * CELL_SIZE;
const HEIGHT = VISIBLE_ROWS * CELL_SIZE;

describe("H264Encoder", () => {
  test("starts with an IDR picture and codes nothing when nothing changes", () => {
    const encoder = new H264Encoder();
    const picture = createCellPicture();
    const first = encoder.encode(picture, false);
    expect(first.key).toBe(true);
    expect(first.data[4]).toBe(0x65);
    const second = encoder.encode(picture, false);
    expect(second.key).toBe(false);
    expect(second.data.length).toBeLessThan(16);
    expect(encoder.encode(picture, true).key).toBe(true);
  });

  test("states its length before the NAL unit, and hides start codes", () => {
    const encoder = new H264Encoder();
    for (const picture of pictures(20)) {
      const { data } = encoder.encode(picture, false);
      expect(new DataView(data.buffer).getUint32(0)).toBe(data.length - 4);
      const startCode = data.findIndex(
        (_, i) => i >= 4 && data[i] === 0 && data[i + 1] === 0 && (data[i + 2] ?? 9) < 3,
      );
      expect(startCode).toBe(-1);
    }
  });

  test("comes back within one step of every cell's brightness when macroblocks are flat", () => {
    const encoder = new H264Encoder();
    const picture = createCellPicture();
    for (let value = 16; value <= 235; value++) {
      picture.luma.fill(value);
      picture.cb.fill(value);
      picture.cr.fill(251 - value);
      encoder.encode(picture, false);
      expect(Math.abs((encoder.decoded.luma[7777] as number) - value)).toBeLessThanOrEqual(1);
      expect(Math.abs((encoder.decoded.cb[777] as number) - value)).toBeLessThanOrEqual(1);
      expect(Math.abs((encoder.decoded.cr[777] as number) - (251 - value))).toBeLessThanOrEqual(1);
    }
  });

  test("stays near the picture asked for when every cell is different", () => {
    const encoder = new H264Encoder();
    for (const picture of pictures(10)) {
      encoder.encode(picture, false);
      const worst = picture.luma.reduce(
        (most, y, i) => Math.max(most, Math.abs(y - (encoder.decoded.luma[i] as number))),
        0,
      );
      expect(worst).toBeLessThanOrEqual(3);
    }
  });

  testWith("ffmpeg")("decodes in ffmpeg to exactly what the encoder reckoned", async () => {
    const encoder = new H264Encoder();
    const stream: Uint8Array[] = annexBParameterSets(encoder.record);
    const expected: Uint8Array[] = [];
    let count = 0;
    for (const picture of pictures(70)) {
      const frame = encoder.encode(picture, count++ === 40);
      const annexB = frame.data.slice();
      annexB.set([0, 0, 0, 1]);
      stream.push(annexB);
      expected.push(toYuv420(encoder.decoded));
    }
    const decoder = Bun.spawn(
      [
        "ffmpeg",
        "-v",
        "warning",
        "-f",
        "h264",
        "-i",
        "-",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "yuv420p",
        "-fps_mode",
        "passthrough",
        "-",
      ],
      { stdin: Buffer.concat(stream), stdout: "pipe", stderr: "pipe" },
    );
    const [decoded, words] = await Promise.all([
      new Response(decoder.stdout).bytes(),
      new Response(decoder.stderr).text(),
    ]);
    expect(words).toBe("");
    expect(decoded.length).toBe(count * WIDTH * HEIGHT * 1.5);
    for (let i = 0; i < count; i++) {
      const frame = decoded.subarray(i * WIDTH * HEIGHT * 1.5, (i + 1) * WIDTH * HEIGHT * 1.5);
      expect({ frame: i, same: Buffer.compare(frame, expected[i] as Uint8Array) === 0 }).toEqual({
        frame: i,
        same: true,
      });
    }
  });
});

/** Noise that touches every code table: whole pictures of it, sparse changes, extremes, and still frames. */
function* pictures(count: number): Generator<CellPicture> {
  let seed = 1;
  const random = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0;
    return (seed >>> 8) / 2 ** 24;
  };
  const picture = createCellPicture();
  for (let i = 0; i < count; i++) {
    const contrast = [0, 2, 8, 30, 110, 127][i % 6] as number;
    const density = [1, 0.3, 0.02][i % 3] as number;
    for (const plane of [picture.luma, picture.cb, picture.cr]) {
      for (let at = 0; at < plane.length; at++) {
        if (random() >= density) continue;
        plane[at] =
          128 + (contrast === 127 ? (random() < 0.5 ? -127 : 127) : Math.round((random() * 2 - 1) * contrast));
      }
    }
    yield picture;
  }
}

function toYuv420(picture: CellPicture): Uint8Array {
  const out = new Uint8Array(WIDTH * HEIGHT * 1.5);
  let at = 0;
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) out[at++] = picture.luma[(y >> 2) * COLUMNS + (x >> 2)] as number;
  }
  for (const plane of [picture.cb, picture.cr]) {
    for (let y = 0; y < HEIGHT / 2; y++) {
      for (let x = 0; x < WIDTH / 2; x++) out[at++] = plane[(y >> 2) * (COLUMNS / 2) + (x >> 2)] as number;
    }
  }
  return out;
}

function annexBParameterSets(record: Uint8Array): Uint8Array[] {
  const spsLength = ((record[6] as number) << 8) | (record[7] as number);
  const start = Uint8Array.of(0, 0, 0, 1);
  return [start, record.subarray(8, 8 + spsLength), start, record.subarray(8 + spsLength + 3)];
}
