import { afterAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import type { RenditionEvent } from "../../src/hls/rendition.ts";
import type { FeedEvent } from "../../src/hls/rung-feed.ts";
import type { MediaEvent, Packet } from "../../src/media/event.ts";
import type { ToTranscoder } from "../../src/transcode/messages.ts";
import type { Rung, VideoRung } from "../../src/transcode/rung.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { run } from "../support/process.ts";
import { cutsOf, eventsOf, LeadRecorder, mp4Of, SMALL_RUNG, shifted, transcode } from "../support/transcode.ts";

const directory = new TemporaryDirectory();
afterAll(() => directory[Symbol.dispose]());

const OTHER: VideoRung = { ...SMALL_RUNG, name: "other", audio: { codec: "aac", bitrate: 64_000, channels: 2 } };

const feedMessages = (feed: readonly FeedEvent[]) => feed.map((event) => ({ type: "feed", event }) as const);
const settings = (...rungs: readonly Rung[]): ToTranscoder => ({ type: "settings", settings: { rungs } });

const made = new Map<string, Promise<MediaEvent[]>>();
/** Seven seconds with sound. */
function clip(size: string, sound = true): Promise<MediaEvent[]> {
  const name = `${size}-${sound}`;
  let events = made.get(name);
  if (!events) made.set(name, (events = makeClip(name, size, sound)));
  return events;
}

async function makeClip(name: string, size: string, sound: boolean): Promise<MediaEvent[]> {
  const file = directory.join(`${name}.mp4`);
  const picture = ["-f", "lavfi", "-i", `testsrc2=s=${size}:r=30`];
  const input = sound
    ? [...picture, "-f", "lavfi", "-i", "sine=f=440:r=48000,aformat=channel_layouts=stereo"]
    : picture;
  const x264 = [
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-bf",
    "2",
    "-g",
    "60",
    "-keyint_min",
    "60",
    "-pix_fmt",
    "yuv420p",
  ];
  await run("ffmpeg", ["-v", "error", "-nostdin", "-y", ...input, "-t", "7", ...x264, "-c:a", "aac", file]);
  return eventsOf(file);
}

async function makeRungs(messages: readonly ToTranscoder[]) {
  const result = await transcode(messages);
  expect({ exit: result.exit.code, lines: result.lines }).toEqual({ exit: 0, lines: [] });
  return {
    statuses: result.statuses,
    of: (name: string) => {
      const rung = result.rungs.get(name);
      if (!rung) throw new Error(`nothing of ${name}`);
      return rung;
    },
  };
}

/** Number of pictures in it; fails when FFmpeg complains of any. */
async function countPictures(events: readonly RenditionEvent[]): Promise<number> {
  // Each with the initialization section that it needs.
  const starts = events.flatMap((event, index) => (event.type === "init" ? [index] : []));
  let count = 0;
  for (const [nth, start] of starts.entries()) {
    const file = directory.join(`out-${Bun.randomUUIDv7()}.mp4`);
    writeFileSync(file, mp4Of(events.slice(start, starts[nth + 1])));
    const counted = ["-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0"];
    const args = ["-v", "error", "-select_streams", "v:0", ...counted, file];
    const child = Bun.spawn(["ffprobe", ...args], { stdout: "pipe", stderr: "pipe" });
    const [out, complaints] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    expect(complaints.slice(0, 500)).toBe("");
    count += Number(out);
  }
  return count;
}

const isPicture = (event: MediaEvent | FeedEvent): event is Packet => event.type === "packet" && event.track === 1;
/** Two pictures at one time are one: what stands in may begin where the encoder's last is shown. */
const timesOf = (events: readonly (MediaEvent | FeedEvent)[]) =>
  new Set(events.filter(isPicture).map(({ pts }) => pts));
const partKeys = (events: readonly RenditionEvent[]) =>
  events.flatMap((event) => (event.type === "part" ? [`${event.msn}.${event.part}`] : []));

describe("a transcoder", () => {
  test("goes on where another was killed: nothing twice, nothing missing", async () => {
    const lead = new LeadRecorder();
    const feed = lead.follow();
    lead.write(await clip("320x180"));
    lead.write([{ type: "end" }]);
    const whole = await makeRungs([settings(OTHER), { type: "startRung", rung: "other" }, ...feedMessages(feed)]);
    const from = { msn: 101, part: 2 };
    const start: ToTranscoder = { type: "startRung", rung: "other", from };
    const resumed = await makeRungs([settings(OTHER), start, ...feedMessages(feed)]);
    const all = partKeys(whole.of("other").events);
    const { events } = resumed.of("other");
    expect(partKeys(events)).toEqual(all.slice(all.indexOf("101.2")));
    const first = events.find((event) => event.type === "part");
    expect(first?.independent).toBe(true);
    expect(cutsOf(events).filter(({ type }) => type === "segment").length).toBe(3);
    // Sound frames lie where they lay before.
    const sizes = (list: readonly RenditionEvent[]) =>
      list.flatMap((event) => (event.type === "part" ? [event.duration] : []));
    expect(sizes(events)).toEqual(sizes(whole.of("other").events).slice(all.indexOf("101.2")));
    const pictures = await countPictures(whole.of("other").events);
    const startOf = feed.find((event) => event.type === "part" && event.msn === 101 && event.part === 2);
    if (startOf?.type !== "part") throw new Error("no such part");
    const skipped = feed.filter((event) => isPicture(event) && event.dts < startOf.start).length;
    // Segments that another began have its initialization section.
    const init = whole.of("other").events.filter(({ type }) => type === "init");
    const rest = events.filter(({ type }) => type !== "init");
    expect(await countPictures([...init, ...rest])).toBe(pictures - skipped);
  }, 60_000);

  test("begins a further rung from what was, while the first goes on as if nothing were", async () => {
    const lead = new LeadRecorder();
    const live = lead.follow();
    const events = await clip("320x180");
    const middle = Math.floor(events.length * 0.6);
    lead.write(events.slice(0, middle));
    const before = live.slice();
    const again = lead.follow();
    lead.write(events.slice(middle));
    lead.write([{ type: "end" }]);
    const messages: ToTranscoder[] = [
      settings(SMALL_RUNG, OTHER),
      { type: "startRung", rung: "small" },
      ...feedMessages(before),
      { type: "startRung", rung: "other" },
      { type: "rewind" },
      ...feedMessages(again),
    ];
    const { of } = await makeRungs(messages);
    const alone = await makeRungs([settings(SMALL_RUNG), { type: "startRung", rung: "small" }, ...feedMessages(live)]);
    expect(cutsOf(of("small").events)).toEqual(cutsOf(live));
    expect(cutsOf(of("other").events)).toEqual(cutsOf(again));
    const count = events.filter(isPicture).length;
    expect(await countPictures(of("small").events)).toBe(count);
    expect(await countPictures(alone.of("small").events)).toBe(count);
  }, 60_000);

  test("keeps a rung's size when the source's changes, with bars where its shape does", async () => {
    const lead = new LeadRecorder();
    const feed = lead.follow();
    const [wide, narrow] = [await clip("320x180"), await clip("240x180")];
    lead.write(wide);
    lead.write(shifted(narrow, 7));
    lead.write([{ type: "end" }]);
    const { of } = await makeRungs([settings(SMALL_RUNG), { type: "startRung", rung: "small" }, ...feedMessages(feed)]);
    expect(of("small").failed).toBeUndefined();
    const cuts = cutsOf(feed);
    expect(cutsOf(of("small").events)).toEqual(cuts);
    expect(cuts.filter(({ discontinuity }) => discontinuity).length).toBe(1);
    expect(await countPictures(of("small").events)).toBe(timesOf(feed).size);
    expect(of("small").tracks).toMatchObject([{ config: { width: 192, height: 108 } }, {}]);
  }, 60_000);

  test("puts the last picture where one cannot be decoded", async () => {
    const lead = new LeadRecorder();
    const feed = lead.follow();
    let index = 0;
    const events = (await clip("320x180")).map((event) => {
      if (!isPicture(event) || index++ % 9 !== 4) return event;
      // No slice begins so: all of it is lost.
      return { ...event, data: event.data.map((byte, at) => (at < 4 ? byte : 0xff)) };
    });
    lead.write(events);
    lead.write([{ type: "end" }]);
    const { of } = await makeRungs([settings(SMALL_RUNG), { type: "startRung", rung: "small" }, ...feedMessages(feed)]);
    expect(of("small").failed).toBeUndefined();
    expect(cutsOf(of("small").events)).toEqual(cutsOf(feed));
    expect(await countPictures(of("small").events)).toBe(events.filter(isPicture).length);
  }, 60_000);

  test("keeps up with the pictures that stand in for an encoder, and goes on when it is back", async () => {
    const lead = new LeadRecorder();
    const feed = lead.follow();
    const events = await clip("320x180");
    lead.write(events);
    lead.write([{ type: "gap", reason: "publisher-lost" }]);
    lead.pass(6000);
    const away = feed.length;
    // Not ended: what is under way is not pressed out.
    const still = await transcode([settings(SMALL_RUNG), { type: "startRung", rung: "small" }, ...feedMessages(feed)]);
    const cuts = cutsOf(feed);
    const rung = still.rungs.get("small");
    const done = cutsOf(rung?.events ?? []);
    expect(cuts.filter(({ type }) => type === "part").length).toBeGreaterThan(25);
    // A picture that waits for the next, in the decoder.
    expect(cuts.slice(0, done.length)).toEqual(done);
    expect(cuts.length - done.length).toBeLessThanOrEqual(2);
    lead.write(shifted(events, 20));
    lead.write([{ type: "end" }]);
    expect(feed.length).toBeGreaterThan(away + 200);
    const { of } = await makeRungs([settings(SMALL_RUNG), { type: "startRung", rung: "small" }, ...feedMessages(feed)]);
    expect(cutsOf(of("small").events)).toEqual(cutsOf(feed));
    expect(await countPictures(of("small").events)).toBeGreaterThan(events.filter(isPicture).length * 2);
  }, 60_000);

  test("takes sound that comes late, or never", async () => {
    const lead = new LeadRecorder();
    const feed = lead.follow();
    const [silent, sounding] = [await clip("320x180", false), await clip("320x180")];
    lead.write(silent);
    lead.write(shifted(sounding, 7));
    lead.write([{ type: "end" }]);
    const { of } = await makeRungs([
      settings(SMALL_RUNG, OTHER),
      { type: "startRung", rung: "small" },
      { type: "startRung", rung: "other" },
      ...feedMessages(feed),
    ]);
    for (const name of ["small", "other"]) {
      expect(cutsOf(of(name).events)).toEqual(cutsOf(feed));
      expect(of(name).tracks.length).toBe(2);
      expect(await countPictures(of(name).events)).toBe(timesOf(feed).size);
    }
  }, 60_000);

  test("says why a rung cannot be made, and makes the others", async () => {
    const lead = new LeadRecorder();
    const feed = lead.follow();
    lead.write(await clip("320x180"));
    lead.write([{ type: "end" }]);
    const odd: VideoRung = { ...SMALL_RUNG, name: "odd", options: "no-such-option=1" };
    const none: VideoRung = { ...SMALL_RUNG, name: "none", encoder: "libnone" };
    const messages: ToTranscoder[] = [
      settings(SMALL_RUNG, odd, none),
      ...["small", "odd", "none", "unknown"].map((rung) => ({ type: "startRung", rung }) as const),
      ...feedMessages(feed),
    ];
    const { of } = await makeRungs(messages);
    expect(of("none").failed).toBe("no encoder libnone");
    expect(of("unknown").failed).toBe("it is not among the rungs of the settings");
    expect(cutsOf(of("small").events)).toEqual(cutsOf(feed));
  }, 60_000);

  test("follows MPEG-TS too", async () => {
    const lead = new LeadRecorder({ format: "mpegts" });
    const feed = lead.follow();
    lead.write(await clip("320x180"));
    lead.write([{ type: "end" }]);
    const { of } = await makeRungs([settings(SMALL_RUNG), { type: "startRung", rung: "small" }, ...feedMessages(feed)]);
    const { events } = of("small");
    expect(cutsOf(events)).toEqual(cutsOf(feed));
    const file = directory.join("out.ts");
    writeFileSync(file, Buffer.concat(events.flatMap((event) => (event.type === "segment" ? [...event.bytes] : []))));
    const entries = ["-count_frames", "-show_entries", "stream=codec_name,nb_read_frames", "-of", "csv=p=0", file];
    const streams = await run("ffprobe", ["-v", "error", ...entries]);
    expect(streams).toContain("h264,210");
    expect(streams).toContain("aac,");
  }, 60_000);
});
