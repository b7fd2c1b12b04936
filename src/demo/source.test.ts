import { describe, expect, test } from "bun:test";
import { testWith } from "../../test/support/requires.ts";
import { decodeScriptData, metadataOf } from "../formats/flv/script-data.ts";
import { encodeFileHeader, encodeTag } from "../formats/flv/tag.ts";
import { decodeVideoTag } from "../formats/flv/video-tag.ts";
import { CELL_SIZE, FRAME_RATE } from "./cells.ts";
import { LAMP } from "./scene.ts";
import { type DemoMessage, DemoSource } from "./source.ts";

/** Half a minute past an hour, and a little. */
const STARTS_AT = Date.UTC(2030, 0, 1, 12, 0, 30, 417);
const timeOfDay = (wallclock: number): number => wallclock % 86_400_000;

function take(source: DemoSource, seconds: number): DemoMessage[] {
  const until = source.due + seconds * 1000;
  const messages: DemoMessage[] = [];
  while (source.due < until) messages.push(source.next());
  return messages;
}

const keyFlags = (messages: readonly DemoMessage[]): boolean[] =>
  messages.filter(({ type }) => type === 9).map(({ body }) => body[0] === 0x17);

describe("DemoSource", () => {
  test("describes itself first", () => {
    const [metadata, video, audio, ...more] = new DemoSource({ startsAt: STARTS_AT, timeOfDay }).headers();
    expect(more).toEqual([]);
    expect(metadataOf(decodeScriptData(metadata?.body as Uint8Array))).toMatchObject({ width: 640, height: 360 });
    expect(decodeVideoTag(video?.body as Uint8Array)).toMatchObject([{ type: "config", codec: "avc1" }]);
    expect(audio?.body).toEqual(Uint8Array.of(0xaf, 0, 0x11, 0x88));
  });

  test("has frames at their rates, in order, with a keyframe every two seconds", () => {
    const messages = take(new DemoSource({ startsAt: STARTS_AT, timeOfDay }), 10);
    expect(messages[0]).toMatchObject({ type: 9, timestamp: 0 });
    expect(messages.filter(({ type }) => type === 9).length).toBe(300);
    expect(Math.abs(messages.filter(({ type }) => type === 8).length - 468.75)).toBeLessThan(1.5);
    for (const [i, { timestamp }] of messages.entries()) {
      expect(timestamp).toBeGreaterThanOrEqual(messages[i - 1]?.timestamp ?? 0);
    }
    expect(keyFlags(messages).flatMap((key, i) => (key ? [i] : []))).toEqual([0, 60, 120, 180, 240]);
    const bytes = messages.reduce((sum, { body }) => sum + body.length, 0);
    expect((bytes * 8) / 10).toBeLessThan(1_500_000);
  });

  test("has a frame at each full second", () => {
    const source = new DemoSource({ startsAt: STARTS_AT, timeOfDay });
    const began = source.due;
    expect(began).toBeGreaterThanOrEqual(STARTS_AT - 0.01);
    expect(began - STARTS_AT).toBeLessThan(1000 / FRAME_RATE);
    const times = take(source, 3).flatMap(({ type, timestamp }) => (type === 9 ? [Math.round(began + timestamp)] : []));
    expect(times.filter((time) => time % 1000 === 0).length).toBe(3);
  });

  test("leaves out what was missed and goes on with a keyframe", () => {
    const source = new DemoSource({ startsAt: STARTS_AT, timeOfDay });
    const before = take(source, 1).at(-1)?.timestamp as number;
    source.skipTo(source.due + 5000);
    const after = take(source, 1);
    expect((after[0]?.timestamp as number) - before).toBeGreaterThan(4990);
    expect(keyFlags(after).slice(0, 3)).toEqual([true, false, false]);
    source.skipTo(source.due - 1);
    expect(keyFlags(take(source, 0.1))).toEqual([false, false, false]);
  });

  testWith("ffmpeg")("flashes and beeps at each full second, as ffmpeg decodes it", async () => {
    const source = new DemoSource({ startsAt: STARTS_AT, timeOfDay });
    const began = source.due;
    const messages = [...source.headers(), ...take(source, 12.5), source.footer()];
    const flv = Buffer.concat([encodeFileHeader({ audio: true, video: true }), ...messages.map(encodeTag)]);

    const lamp = `crop=${CELL_SIZE}:${CELL_SIZE}:${LAMP.x * CELL_SIZE}:${Math.floor(LAMP.y) * CELL_SIZE}`;
    const gray = await ffmpeg(flv, ["-an", "-vf", `format=gray,${lamp}`, "-f", "rawvideo", "-fps_mode", "passthrough"]);
    const flashes: number[] = [];
    const pixels = CELL_SIZE ** 2;
    for (let i = 1; i < gray.length / pixels; i++) {
      const lit = (frame: number): boolean => (gray[frame * pixels] as number) > 200;
      if (lit(i) && !lit(i - 1)) flashes.push(began + (i * 1000) / FRAME_RATE);
    }

    const firstAudio = messages.findIndex(({ type, body }) => type === 8 && body[1] === 1);
    const audioBegan = began + (messages[firstAudio]?.timestamp as number);
    const pcm = await ffmpeg(flv, ["-vn", "-f", "s16le", "-ac", "1", "-ar", "48000"]);
    const samples = new Int16Array(pcm.buffer, pcm.byteOffset, pcm.length >> 1);
    const beeps: number[] = [];
    for (let i = 0, quietSince = 0; i < samples.length; i++) {
      if (Math.abs(samples[i] as number) < 1000) continue;
      if (i - quietSince > 4800) beeps.push(audioBegan + i / 48);
      quietSince = i;
    }

    const firstSecond = Math.ceil(began / 1000) * 1000;
    const seconds = Array.from({ length: 12 }, (_, i) => firstSecond + i * 1000);
    expect(flashes.map(Math.round)).toEqual(seconds);
    expect(beeps.length).toBe(seconds.length);
    for (const [i, beep] of beeps.entries()) expect(Math.abs(beep - (seconds[i] as number))).toBeLessThan(2);
  });
});

/** Decodes an FLV file; any warning fails. */
async function ffmpeg(flv: Uint8Array, args: readonly string[]): Promise<Uint8Array> {
  const decoder = Bun.spawn(["ffmpeg", "-v", "warning", "-f", "flv", "-i", "-", ...args, "-"], {
    stdin: flv,
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, words] = await Promise.all([new Response(decoder.stdout).bytes(), new Response(decoder.stderr).text()]);
  expect(words).toBe("");
  return out;
}
