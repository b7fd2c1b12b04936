import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { TimedEvent } from "../../test/hls/flv-source.ts";
import { follow } from "../../test/hls/follow.ts";
import { differences, LadderBench, rung, samplesIn } from "../../test/hls/ladder.ts";
import { textOf } from "../../test/hls/origin-bench.ts";
import {
  AUDIO_ID,
  audioTrack,
  type SyntheticStream,
  synthesize,
  VIDEO_ID,
  videoTrack,
} from "../../test/hls/synthetic.ts";
import { parseMultivariantPlaylist } from "../formats/m3u8/multivariant-playlist.ts";
import type { Packet } from "../media/event.ts";
import type { Track } from "../media/track.ts";
import { checkPlaylist } from "../validate/check-playlist.ts";
import type { Finding } from "../validate/finding.ts";

setDefaultTimeout(30_000);

const STREAM: SyntheticStream = { seconds: 60, fps: 30, gop: 60, audio: true, milliseconds: true };
const RUNGS = [rung(240, 300_000), rung(480, 1_200_000)];

function encoder(at: number, stream: Partial<SyntheticStream> = {}): TimedEvent[] {
  return synthesize({ ...STREAM, start: 10 + at, ...stream }).map((timed) => ({ ...timed, at: timed.at + at * 1000 }));
}

function multivariant(bench: LadderBench) {
  const text = textOf(bench.ask("index.m3u8").answer);
  const found: Finding[] = [];
  checkPlaylist(text, { url: "http://localhost/live/test/index.m3u8" }, (finding) => found.push(finding));
  expect(found.filter(({ rule }) => !rule.startsWith("bandwidth"))).toEqual([]);
  return { text, ...parseMultivariantPlaylist(text) };
}

test("sound in a rendition of its own does not announce a length before the keyframes' distance is known", () => {
  const bench = new LadderBench(encoder(0, { gop: 75 }), { config: { separateAudio: true } }).run(20);
  const { targetDuration, segments } = bench.playlist();
  expect(segments.map(({ duration }) => duration)).toEqual(segments.map(() => 2.5));
  expect(targetDuration).toBe(3);
});

describe("a ladder made on demand", () => {
  test("the multivariant playlist lists the source, then the rungs by size, though nobody makes them", () => {
    const bench = new LadderBench(encoder(0), { rungs: RUNGS }).run(9);
    const { variants } = multivariant(bench);
    expect(variants.map(({ uri, score }) => [uri, score])).toEqual([
      ["main.m3u8", 3],
      ["480p.m3u8", 2],
      ["240p.m3u8", 1],
    ]);
    expect(variants[1]).toMatchObject({
      bandwidth: 1_800_000,
      averageBandwidth: 1_200_000,
      codecs: ["avc1.64001E", "mp4a.40.2"],
      resolution: { width: 854, height: 480 },
      frameRate: 30,
    });
    expect(bench.wanted).toEqual([]);
    expect(bench.playlist().renditionReports ?? []).toEqual([]);
    expect(bench.output.rungs.map(({ name, state }) => `${name} ${state}`)).toEqual(["240p idle", "480p idle"]);
  });

  test("a stream without rungs has a playlist of one variant, without a score", () => {
    const { text } = multivariant(new LadderBench(encoder(0)).run(9));
    expect(text).not.toContain("SCORE");
  });

  test.each([
    ["cmaf", {}],
    ["cmaf without parts", { lowLatency: false }],
    ["mpegts", { format: "mpegts" }],
  ])(
    "the first who asks gets three segments, with the numbers, times and lengths of the source: %s",
    (_name, config) => {
      const bench = new LadderBench(encoder(0), { rungs: RUNGS, config }).run(21);
      bench.playlist();
      const asked = bench.ask("480p.m3u8");
      bench.run(21.5);
      expect(asked.answer?.status).toBe(200);
      expect(bench.making).toEqual(["480p"]);
      bench.run(31);
      const [main, made] = [bench.playlist(), bench.playlist("", "480p")];
      const { common, found } = differences(main, made);
      expect(found).toEqual([]);
      expect(common).toBeGreaterThanOrEqual(7);
      for (const [index, segment] of made.segments.entries()) {
        if (segment.uri === undefined) continue;
        const other = main.segments[made.mediaSequence + index - main.mediaSequence];
        const [own, lead] = [samplesIn(bench, segment.uri), samplesIn(bench, other?.uri)];
        expect(own.filter(({ trackId }) => trackId === 1).map(({ dts, pts }) => [dts, pts])).toEqual(
          lead.filter(({ trackId }) => trackId === 1).map(({ dts, pts }) => [dts, pts]),
        );
      }
    },
  );

  test("its playlist keeps all that a live playlist has to, and reports of the others", () => {
    const bench = new LadderBench(encoder(0), { rungs: RUNGS }).run(9);
    bench.ask("480p.m3u8");
    bench.run(10);
    expect(follow(bench, { from: 10, to: 40, rendition: "480p", brokenHints: 1 })).toEqual([]);
    const reports = (rendition: string) =>
      bench.playlist("", rendition).renditionReports?.map(({ uri, lastMsn }) => [uri, lastMsn]);
    const { mediaSequence, segments } = bench.playlist();
    const last = mediaSequence + segments.length - 1;
    expect(reports("main")).toEqual([["480p.m3u8", last]]);
    expect(reports("480p")).toEqual([["main.m3u8", last]]);
  });

  test("the others report of one whose maker takes a moment to begin", () => {
    const bench = new LadderBench(encoder(0), { rungs: RUNGS, isMade: false }).run(9.05);
    bench.playlist();
    bench.ask("480p.m3u8");
    bench.run(9.5).playlist();
    bench.make("480p");
    bench.run(11);
    expect(bench.playlist().renditionReports?.map(({ uri }) => uri)).toEqual(["480p.m3u8"]);
  });

  test("reloads and hinted parts are held until they come", () => {
    const bench = new LadderBench(encoder(0), { rungs: RUNGS }).run(9.05);
    bench.ask("480p.m3u8");
    const playlist = bench.run(10.05).playlist("", "480p");
    const last = playlist.mediaSequence + playlist.segments.length - 1;
    const part = playlist.segments.at(-1)?.parts.length ?? 0;
    const reload = bench.ask("480p.m3u8", `_HLS_msn=${last}&_HLS_part=${part}`);
    const hinted = bench.ask(playlist.preloadHint ?? "");
    expect(bench.output.waiting).toBe(2);
    bench.run(10.7);
    expect([reload.answer?.status, hinted.answer?.status]).toEqual([200, 200]);
    expect(hinted.at).toBeLessThan(10_700);
  });

  test("nobody makes it: who asks is told to come again; one that is dropped is gone, and comes back with higher numbers", () => {
    const bench = new LadderBench(encoder(0), { rungs: RUNGS, isMade: false }).run(9);
    const asked = bench.ask("480p.m3u8");
    bench.run(19);
    expect(asked.answer?.status).toBe(503);
    bench.make("480p");
    const first = bench.run(20).playlist("", "480p");
    const uri = first.segments[0]?.uri ?? "";
    expect(bench.ask(uri).answer?.status).toBe(200);
    bench.kill("480p");
    bench.output.dropRung("480p");
    bench.output.setRungState("480p", "idle");
    expect(bench.ask(uri).answer?.status).toBe(404);
    expect(multivariant(bench).variants.length).toBe(3);
    bench.run(35).make("480p");
    const second = bench.run(36).playlist("", "480p");
    expect(second.mediaSequence).toBeGreaterThan(first.mediaSequence + 3);
    expect(differences(bench.playlist(), second).found).toEqual([]);
  });

  test("one that fails or is shed leaves the list, and answers 404 with the reason", () => {
    const bench = new LadderBench(encoder(0), { rungs: RUNGS }).run(9);
    bench.ask("480p.m3u8");
    bench.run(10);
    const waiting = bench.ask("480p.m3u8", `_HLS_msn=${bench.output.nextMsn}`);
    bench.output.setRungState("480p", "shed", "the machine cannot keep up");
    expect(waiting.answer).toMatchObject({ status: 404, reason: "the machine cannot keep up" });
    expect(bench.ask("480p.m3u8").answer).toMatchObject({ status: 404, reason: "the machine cannot keep up" });
    expect(multivariant(bench).variants.map(({ uri }) => uri)).toEqual(["main.m3u8", "240p.m3u8"]);
    expect(bench.output.rungs[1]).toMatchObject({ state: "shed", reason: "the machine cannot keep up" });
    bench.output.setRungState("480p", "idle");
    expect(multivariant(bench).variants.length).toBe(3);
  });

  test("another maker goes on where the one before it died, and no part is missing", () => {
    const bench = new LadderBench(encoder(0), { rungs: RUNGS }).run(9);
    bench.ask("480p.m3u8");
    bench.run(15.3);
    bench.kill("480p");
    bench.run(17.1).make("480p");
    expect(follow(bench, { from: 17.2, to: 30, rendition: "480p", brokenHints: 1 })).toEqual([]);
    const { common, found } = differences(bench.playlist(), bench.playlist("", "480p"));
    expect(found).toEqual([]);
    expect(common).toBeGreaterThan(8);
  });

  test("one that was away for longer than the backlog begins anew", () => {
    const bench = new LadderBench(encoder(0), { rungs: RUNGS }).run(9);
    bench.ask("480p.m3u8");
    bench.run(12);
    const before = bench.playlist("", "480p");
    bench.kill("480p");
    bench.run(30).make("480p");
    const after = bench.run(31).playlist("", "480p");
    expect(after.mediaSequence).toBeGreaterThan(before.mediaSequence + before.segments.length);
    expect(differences(bench.playlist(), after).found).toEqual([]);
  });

  test("measured rates take the place of those foretold", () => {
    const bench = new LadderBench(encoder(0), { rungs: RUNGS }).run(9);
    bench.ask("480p.m3u8");
    const { variants } = multivariant(bench.run(20));
    expect(variants[1]?.averageBandwidth).toBe(variants[0]?.averageBandwidth);
    expect(variants[2]?.averageBandwidth).toBe(300_000);
  });

  test("a frame rate follows that of the source", () => {
    const rungs = [{ ...rung(480, 1_200_000), frameRate: 22.5, frameDivisor: 2 }];
    const bench = new LadderBench(encoder(0, { fps: 50, gop: 100, frameRateKnown: false }), { rungs }).run(9);
    expect(multivariant(bench).variants.map(({ frameRate }) => frameRate)).toEqual([50, 25]);
  });

  test("date ranges stand in all renditions", () => {
    const bench = new LadderBench(encoder(0), { rungs: RUNGS }).run(9);
    const start = Date.UTC(2026, 0, 1) + 8000;
    bench.output.addDateRange({ id: "before", start, duration: 30 }, bench.now);
    bench.ask("480p.m3u8");
    bench.run(12);
    bench.output.addDateRange({ id: "after", start: start + 4000, duration: 5 }, bench.now);
    for (const rendition of ["main.m3u8", "480p.m3u8"]) {
      const text = textOf(bench.ask(rendition).answer);
      expect(text.match(/ID="(\w+)"/g)).toEqual(['ID="before"', 'ID="after"']);
    }
  });
});

describe("while the encoder is away, comes back, is another, or leaves", () => {
  const lost = (at: number): TimedEvent => ({ at: at * 1000, event: { type: "gap", reason: "publisher-lost" } });
  const other = (events: TimedEvent[]): TimedEvent[] =>
    events.map(({ at, event }) => ({
      at,
      event: event.type === "tracks" ? { ...event, tracks: [resized(event.tracks), audioTrack()] } : event,
    }));
  const resized = (tracks: readonly Track[]): Track => {
    const [video = videoTrack(30)] = tracks.filter((track) => track.kind === "video");
    return { ...video, config: { ...video.config, width: 640, height: 360 } };
  };

  test.each([
    ["a short absence", [...encoder(0, { seconds: 15 }), lost(15.1), ...encoder(19, { seconds: 20 })]],
    ["another encoder", [...encoder(0, { seconds: 15 }), lost(15.1), ...other(encoder(19, { seconds: 20 }))]],
    [
      "twice",
      [
        ...encoder(0, { seconds: 12 }),
        lost(12.1),
        ...encoder(14, { seconds: 6 }),
        lost(20.2),
        ...other(encoder(23, { seconds: 16 })),
      ],
    ],
    [
      "a leap of its clock",
      [
        ...encoder(0, { seconds: 15 }),
        ...encoder(15.2, { seconds: 20, start: 700 }).filter(({ event }) => event.type !== "tracks"),
      ],
    ],
  ])("%s: the rung is what the source is", (_name, events) => {
    const bench = new LadderBench(events, { rungs: RUNGS }).run(9);
    bench.ask("480p.m3u8");
    bench.run(10);
    const faults = follow(bench, { from: 10, to: 33, rendition: "480p", brokenHints: 4, late: 2 });
    expect(faults).toEqual([]);
    const { common, found } = differences(bench.playlist(), bench.playlist("", "480p"));
    expect(found).toEqual([]);
    expect(common).toBeGreaterThan(9);
  });

  test("a publisher after the end begins new playlists, all of them", () => {
    const events = [...encoder(0, { seconds: 12 }), lost(12.1), ...encoder(25, { seconds: 20 })];
    const bench = new LadderBench(events, { rungs: RUNGS, config: { grace: "5s" } }).run(9);
    bench.ask("480p.m3u8");
    const before = bench.run(11).playlist("", "480p");
    bench.run(20);
    expect(bench.playlist().ended).toBe(true);
    expect(bench.playlist("", "480p").ended).toBe(true);
    bench.run(35);
    const after = bench.playlist("", "480p");
    expect(after.ended).toBe(false);
    expect(after.mediaSequence).toBeGreaterThan(before.mediaSequence + before.segments.length);
    expect(differences(bench.playlist(), after)).toMatchObject({ found: [] });
  });
});

/** A stream with further tracks: the pictures once more, smaller, and the sound in other languages. */
function multitrack(options: {
  readonly video: number;
  readonly audio: number;
  readonly stream?: Partial<SyntheticStream>;
}): TimedEvent[] {
  const copies = (packet: Packet): Packet[] => {
    const count = packet.track === VIDEO_ID ? options.video : options.audio;
    return Array.from({ length: count }, (_, index) => ({ ...packet, track: packet.track + index * 10 }));
  };
  return encoder(0, options.stream).flatMap(({ at, event }): TimedEvent[] => {
    if (event.type === "packet") return copies(event).map((packet) => ({ at, event: packet }));
    if (event.type !== "tracks") return [{ at, event }];
    const pictures = Array.from({ length: options.video }, (_, index) => {
      const track = videoTrack(30);
      const [width, height] = [1280 >> index, 720 >> index];
      return { ...track, id: VIDEO_ID + index * 10, config: { ...track.config, width, height } };
    });
    const languages = ["en", "de", "fr"];
    const sounds = Array.from({ length: options.audio }, (_, index) => ({
      ...audioTrack(),
      id: AUDIO_ID + index * 10,
      language: languages[index],
    }));
    return [{ at, event: { type: "tracks", tracks: [...pictures, ...sounds] } }];
  });
}

describe("the encoder's own ladder", () => {
  test.each([
    ["cmaf", {}],
    ["mpegts", { format: "mpegts" }],
  ])("further video tracks are rungs, aligned to the tick: %s", (_name, config) => {
    const bench = new LadderBench(multitrack({ video: 3, audio: 1 }), { config }).run(25);
    expect(multivariant(bench).variants.map(({ uri, resolution }) => `${uri} ${resolution?.height}`)).toEqual([
      "main.m3u8 720",
      "360p.m3u8 360",
      "180p.m3u8 180",
    ]);
    for (const rendition of ["360p", "180p"]) {
      const { common, found } = differences(bench.playlist(), bench.playlist("", rendition));
      expect(found).toEqual([]);
      expect(common).toBeGreaterThan(9);
    }
    expect(bench.output.rungs.map(({ state }) => state)).toEqual(["running", "running"]);
  });

  test("the first multivariant playlist has their rates", () => {
    const bench = new LadderBench(multitrack({ video: 2, audio: 2, stream: { bytesPerFrame: 5000 } })).run(1);
    const asked = bench.ask("index.m3u8");
    bench.run(9);
    expect(asked.at).toBeLessThan(8000);
    const { variants } = parseMultivariantPlaylist(textOf(asked.answer));
    for (const { bandwidth, averageBandwidth } of variants) {
      expect(bandwidth).toBeGreaterThan(1_000_000);
      expect(averageBandwidth).toBeGreaterThan(1_000_000);
    }
    expect(variants.length).toBe(2);
  });

  test("its playlists keep all that live playlists have to", () => {
    const bench = new LadderBench(multitrack({ video: 2, audio: 2 })).run(9);
    expect(follow(bench, { from: 9, to: 30, rendition: "360p" })).toEqual([]);
    const sound = new LadderBench(multitrack({ video: 2, audio: 2 })).run(9);
    expect(follow(sound, { from: 9, to: 30, rendition: "audio-de" })).toEqual([]);
  });

  test("frames of further tracks have the lead's boundaries where stamps are rounded and irregular", () => {
    const jitter = (index: number) => (index % 11) * 0.002;
    const stream = { fps: 60_000 / 1001, gop: 120, jitter };
    const bench = new LadderBench(multitrack({ video: 2, audio: 1, stream })).run(40);
    const made = bench.playlist("", "360p");
    const main = bench.playlist();
    expect(differences(main, made).found).toEqual([]);
    let compared = 0;
    for (const [index, { uri }] of made.segments.entries()) {
      const other = main.segments[made.mediaSequence + index - main.mediaSequence]?.uri;
      if (uri === undefined || other === undefined) continue;
      const pictures = (of: string) =>
        samplesIn(bench, of)
          .filter(({ trackId }) => trackId === 1)
          .map(({ pts, key }) => `${pts} ${key}`);
      expect(pictures(uri)).toEqual(pictures(other));
      compared++;
    }
    expect(compared).toBeGreaterThan(10);
  });

  test("several sounds are renditions of their own, and pictures have none", () => {
    const bench = new LadderBench(multitrack({ video: 2, audio: 3 })).run(25);
    const { audio = [], variants } = multivariant(bench);
    expect(
      audio.map(({ uri, name, language, isDefault, channels }) => [uri, name, language, isDefault, channels]),
    ).toEqual([
      ["audio-en.m3u8", "en", "en", true, 2],
      ["audio-de.m3u8", "de", "de", false, 2],
      ["audio-fr.m3u8", "fr", "fr", false, 2],
    ]);
    for (const variant of variants) {
      expect(variant.audio).toBe("audio");
      expect(variant.codecs).toEqual(["avc1.64001F", "mp4a.40.2"]);
    }
    const main = bench.playlist();
    const ids = (uri: string | undefined) => [...new Set(samplesIn(bench, uri).map(({ trackId }) => trackId))];
    expect(ids(main.segments[3]?.uri)).toEqual([1]);
    const sound = bench.playlist("", "audio-fr");
    expect(differences(main, sound).found).toEqual([]);
    // As much sound as the segment is long, and it goes on without a hole.
    const samples = sound.segments.slice(0, 8).flatMap(({ uri }) => samplesIn(bench, uri));
    const [first] = samples;
    const last = samples.at(-1);
    expect((last?.dts ?? 0) - (first?.dts ?? 0)).toBe(1024 * (samples.length - 1));
    expect(samples.length / (48_000 / 1024)).toBeCloseTo(16, 1);
  });

  test("sound that is announced late, when players were told that it is in the pictures, stays away", () => {
    const late = { ...audioTrack(), id: 12 };
    const events = encoder(0, { seconds: 30 });
    const tracks = [videoTrack(30), audioTrack(), late];
    const at = events.findIndex((timed) => timed.at > 8000);
    const bench = new LadderBench([
      ...events.slice(0, at),
      { at: 8000, event: { type: "tracks", tracks } },
      ...events.slice(at),
    ]);
    expect(bench.run(7).playlist().segments.length).toBeGreaterThan(2);
    const { audio = [], variants } = multivariant(bench.run(25));
    expect(audio).toEqual([]);
    expect(variants[0]?.audio).toBeUndefined();
    expect(bench.playlist().segments.some(({ discontinuity }) => discontinuity)).toBe(false);
  });

  test("a track that stops takes its rung away and nothing else; it comes back with it", () => {
    const events = multitrack({ video: 3, audio: 1 }).filter(
      ({ at, event }) => !(event.type === "packet" && event.track === 11 && at > 10_000 && at < 24_000),
    );
    const bench = new LadderBench(events).run(18);
    expect(multivariant(bench).variants.map(({ uri }) => uri)).toEqual(["main.m3u8", "180p.m3u8"]);
    expect(bench.ask("360p.m3u8").answer?.status).toBe(404);
    expect(bench.output.rungs[0]).toMatchObject({ name: "360p", state: "failed" });
    bench.run(34);
    expect(multivariant(bench).variants.length).toBe(3);
    for (const rendition of ["360p", "180p"]) {
      expect(differences(bench.playlist(), bench.playlist("", rendition)).found).toEqual([]);
    }
  });

  test("all pictures are stood in for", () => {
    const away = [
      ...multitrack({ video: 2, audio: 2, stream: { seconds: 12 } }),
      { at: 12_100, event: { type: "gap", reason: "publisher-lost" } } as const,
    ];
    const bench = new LadderBench(away).run(9);
    expect(follow(bench, { from: 9, to: 30, rendition: "360p", brokenHints: 2, late: 2 })).toEqual([]);
    expect(differences(bench.playlist(), bench.playlist("", "360p")).found).toEqual([]);
    expect(differences(bench.playlist(), bench.playlist("", "audio-de")).found).toEqual([]);
  });
});
