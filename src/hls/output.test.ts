import { describe, expect, test } from "bun:test";
import type { TimedEvent } from "../../test/hls/flv-source.ts";
import { FIRST_MSN, OriginBench, textOf, toPlaylist } from "../../test/hls/origin-bench.ts";
import { type SyntheticStream, synthesize, VIDEO_ID, videoTrack } from "../../test/hls/synthetic.ts";
import { parseMultivariantPlaylist } from "../formats/m3u8/multivariant-playlist.ts";
import { parseMediaPlaylist } from "../formats/m3u8/parse-media-playlist.ts";
import type { Track } from "../media/track.ts";
import { hlsSchema } from "./config.ts";
import { HlsOrigin } from "./origin.ts";
import { HlsOutput } from "./output.ts";

const STREAM: SyntheticStream = { seconds: 120, fps: 30, gop: 60, audio: true, milliseconds: true };

const bench = (config?: Record<string, unknown>, stream: Partial<SyntheticStream> = {}) =>
  new OriginBench(synthesize({ ...STREAM, ...stream }), config);

describe("a starting stream", () => {
  test.each(["index.m3u8", "main.m3u8"])("%s waits until every player can start with what there is", (resource) => {
    const b = bench().run(0.5);
    expect(b.output.state).toBe("starting");
    const asked = b.ask(resource);
    b.run(5.9);
    expect(asked.answer).toBeUndefined();
    b.run(7);
    expect(asked.answer?.status).toBe(200);
    expect(asked.at).toBeLessThan(6100);
    expect(asked.count).toBe(1);
    expect(b.output.state).toBe("live");
  });

  test("with keyframes as far apart as encoders make them it waits for the second", () => {
    const b = bench({}, { gop: 250 }).run(0.1);
    const asked = b.ask("main.m3u8");
    b.run(9.2);
    expect(toPlaylist(asked.answer).targetDuration).toBe(8);
    expect(asked.at).toBeGreaterThan(9000);
    // From now on nobody waits.
    expect(b.playlist().segments.length).toBe(2);
  });

  test("with keyframes still farther apart the answer is a 503 before players give up, then there is one", () => {
    const b = bench({}, { gop: 290 }).run(0.1);
    const asked = b.ask("main.m3u8");
    b.run(9.5);
    expect(asked.answer?.status).toBe(503);
    expect(asked.answer?.retryAfter).toBe(1);
    const again = b.run(10).ask("main.m3u8");
    b.run(19.1);
    expect(toPlaylist(again.answer).targetDuration).toBe(10);
  });

  test("an unknown stream that is expected is waited for", () => {
    const expects = (path: string, now: number) => path.startsWith("live/") && now < 60_000;
    const origin = new HlsOrigin({ expects });
    const statuses: number[] = [];
    const ask = (stream: string, resource: string, now: number) =>
      origin.request({ stream, resource, query: "" }, now, ({ status }) => statuses.push(status));
    ask("live/test", "main/17.m4s", 0);
    ask("other/test", "main.m3u8", 0);
    expect(statuses.splice(0)).toEqual([404, 404]);
    ask("live/test", "main.m3u8", 1000);
    const cancel = ask("live/test", "main.m3u8", 1000);
    cancel?.();
    expect(origin.deadline).toBe(10_000);
    origin.tick(9_900);
    expect(statuses).toEqual([]);
    origin.tick(10_000);
    expect(statuses.splice(0)).toEqual([503]);
    expect(origin.deadline).toBeUndefined();

    ask("live/test", "main.m3u8", 20_000);
    const gone = ask("live/test", "main.m3u8", 20_000);
    const b = bench().run(20);
    origin.add(b.output);
    expect(statuses.splice(0)).toEqual([200, 200]);
    gone?.();
    ask("live/other", "main.m3u8", 60_000);
    expect(statuses).toEqual([404]);
  });

  test("a stream that nobody publishes is a 404 at once", () => {
    let status = 0;
    new HlsOrigin().request(
      { stream: "live/none", resource: "index.m3u8", query: "" },
      0,
      (answer) => (status = answer.status),
    );
    expect(status).toBe(404);
  });
});

describe("the media playlist", () => {
  test("announces what low latency needs, the same for life", () => {
    const b = bench();
    for (let at = 10; at <= 120; at += 5) {
      const playlist = b.run(at).playlist();
      expect(playlist.targetDuration).toBe(2);
      expect(playlist.partTarget).toBe(0.4);
      expect(playlist.serverControl).toEqual({
        canBlockReload: true,
        canSkipUntil: 12,
        canSkipDateRanges: true,
        holdBack: 6,
        partHoldBack: 1.2,
      });
      expect(playlist.discontinuitySequence).toBe(500);
      expect(playlist.independentSegments).toBe(false);
    }
  });

  test("slides, and what it lists can be fetched, whole segments as the parts' bytes", () => {
    const b = bench().run(100.1);
    const playlist = b.playlist();
    const complete = playlist.segments.filter((segment) => segment.uri !== undefined);
    const listed = complete.reduce((sum, segment) => sum + segment.duration, 0);
    expect(listed).toBeGreaterThanOrEqual(30);
    expect(listed).toBeLessThan(33);
    expect(playlist.mediaSequence).toBe(FIRST_MSN + 50 - complete.length);
    for (const segment of complete) {
      const whole = b.ask(segment.uri ?? "").answer;
      expect(whole?.status).toBe(200);
      expect(whole?.contentType).toBe("video/mp4");
      expect(whole?.cacheControl).toContain("immutable");
      if (segment.parts.length === 0) continue;
      const parts = segment.parts.map((part) => b.ask(part.uri).answer?.body as Uint8Array);
      expect(Buffer.concat(parts).equals(whole?.body as Uint8Array)).toBe(true);
    }
    expect(b.ask(complete[0]?.map ?? "").answer?.status).toBe(200);
    expect(complete.every((segment) => segment.wallclock !== undefined)).toBe(true);
  });

  test("parts are listed for three target durations, and stay to be fetched", () => {
    const b = bench().run(60.5);
    const { segments } = b.playlist();
    const withParts = segments.filter((segment) => segment.parts.length > 0 && segment.uri !== undefined);
    expect(withParts.length).toBe(3);
    const earlier = segments.find((segment) => segment.uri === `main/${FIRST_MSN + 25}.m4s`);
    expect(earlier?.parts.length).toBe(0);
    expect(b.ask(`main/${FIRST_MSN + 25}.4.m4s`).answer?.status).toBe(200);
  });

  test("what left it stays for its own and the playlist's duration, then it is gone", () => {
    const b = bench().run(50.1);
    const first = b.playlist().mediaSequence;
    const gone = `main/${first}.m4s`;
    b.run(52.1);
    expect(b.playlist().mediaSequence).toBe(first + 1);
    b.run(82);
    expect(b.ask(gone).answer?.status).toBe(200);
    b.run(90);
    expect(b.ask(gone).answer?.status).toBe(404);
  });

  test("is rendered once for all who ask", () => {
    const b = bench().run(20);
    expect(b.ask("main.m3u8").answer?.body).toBe(b.ask("main.m3u8").answer?.body as never);
    expect(b.ask("index.m3u8").answer?.body).toBe(b.ask("index.m3u8").answer?.body as never);
  });

  test("hints the part that comes next, always", () => {
    const b = bench();
    b.run(6);
    for (let at = 6; at < 60; at += 0.05) {
      b.run(at);
      const playlist = b.playlist();
      const asked = b.ask(playlist.preloadHint ?? "");
      expect(asked.answer).toBeUndefined();
      b.run(at + 0.45);
      expect(asked.answer?.status).toBe(200);
      at += 0.45;
    }
  });

  test.each([{ lowLatency: false }, { format: "mpegts" }])("without parts segments are waited for: %j", (config) => {
    const b = bench(config).run(30.5);
    const text = textOf(b.ask("main.m3u8").answer);
    expect(text).not.toContain("PART");
    expect(text).not.toContain("PRELOAD");
    expect(text).toContain(
      "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12,CAN-SKIP-DATERANGES=YES,HOLD-BACK=6\n",
    );
    const { mediaSequence, segments } = b.playlist();
    const next = mediaSequence + segments.length;
    const blocked = b.ask("main.m3u8", `_HLS_msn=${next}&_HLS_part=0`);
    expect(blocked.answer).toBeUndefined();
    b.run(33);
    expect(toPlaylist(blocked.answer).segments.at(-1)?.uri).toContain(`main/${next}.`);
    expect(b.ask("main.m3u8", `_HLS_msn=${next + 5}`).answer?.status).toBe(400);
    expect(b.playlist("_HLS_skip=YES").skipped).toBeGreaterThan(0);
  });

  test("where segments are longer than requests are held, waiting for them is not offered", () => {
    const b = bench({ format: "mpegts", segment: 8 }, { gop: 240 }).run(40);
    expect(b.playlist().targetDuration).toBe(8);
    expect(b.playlist().serverControl).toMatchObject({ canBlockReload: false, canSkipUntil: 48 });
  });
});

describe("blocking reload", () => {
  // At 20.5 s: segments up to FIRST_MSN + 9 are complete, of the next one part is there.
  const LAST = FIRST_MSN + 9;
  const CASES: readonly [query: string, status: number, readyAt: number | undefined][] = [
    [`_HLS_msn=${LAST}`, 200, undefined],
    [`_HLS_msn=${LAST - 5}&_HLS_part=0`, 200, undefined],
    [`_HLS_msn=${LAST}&_HLS_part=4`, 200, undefined],
    [`_HLS_msn=${LAST + 1}&_HLS_part=0`, 200, undefined],
    // Beyond the segment's last part: the first of the next.
    [`_HLS_msn=${LAST}&_HLS_part=5`, 200, undefined],
    [`_HLS_msn=${LAST + 1}&_HLS_part=1`, 200, 20_800],
    [`_HLS_msn=${LAST + 1}&_HLS_part=4`, 200, 22_000],
    [`_HLS_msn=${LAST + 1}&_HLS_part=5`, 200, 22_400],
    [`_HLS_msn=${LAST + 1}`, 200, 22_000],
    [`_HLS_msn=${LAST + 2}&_HLS_part=0`, 200, 22_400],
    [`_HLS_msn=${LAST + 2}`, 200, 24_000],
    [`_HLS_msn=${LAST + 3}`, 400, undefined],
    [`_HLS_msn=${LAST + 1}&_HLS_part=9`, 400, undefined],
    ["_HLS_part=1", 400, undefined],
    ["_HLS_msn=-1", 400, undefined],
    ["_HLS_msn=x", 400, undefined],
    ["_HLS_msn=", 400, undefined],
    ["_HLS_msn=99999999999999999999999", 400, undefined],
    [`_HLS_msn=${LAST}&_HLS_part=1.5`, 400, undefined],
    [`token=a&_HLS_push=1&_HLS_report=x&_HLS_msn=${LAST}`, 200, undefined],
    ["token=_HLS_msn", 200, undefined],
  ];

  test.each(CASES)("%s", (query, status, readyAt) => {
    const b = bench().run(20.5);
    const before = b.playlist();
    const asked = b.ask("main.m3u8", query);
    if (readyAt === undefined) expect(asked.at).toBe(20_500);
    else expect(asked.answer).toBeUndefined();
    b.run(30);
    expect(asked.answer?.status).toBe(status as 200);
    expect(asked.count).toBe(1);
    if (readyAt === undefined) return;
    // A frame's time early or late, never with an unchanged playlist.
    expect(Math.abs((asked.at ?? 0) - readyAt)).toBeLessThan(40);
    expect(toPlaylist(asked.answer)).not.toEqual(before);
    expect(asked.answer?.cacheControl).toBe("max-age=12");
  });

  test("all who wait get the same body", () => {
    const b = bench().run(20.5);
    const asked = Array.from({ length: 50 }, () => b.ask("main.m3u8", `_HLS_msn=${LAST + 1}&_HLS_part=1`));
    b.run(21);
    expect(new Set(asked.map((one) => one.answer?.body)).size).toBe(1);
    expect(b.output.waiting).toBe(0);
  });

  test("a waiter that nothing comes for gets a 503 after three target durations", () => {
    // Without a grace nothing stands in for the encoder.
    const b = bench({ grace: 0 }, { seconds: 20.6 }).run(20.7);
    const playlist = b.ask("main.m3u8", `_HLS_msn=${LAST + 1}&_HLS_part=2`);
    const part = b.ask(`main/${LAST + 1}.1.m4s`);
    b.run(26.6);
    expect(playlist.answer).toBeUndefined();
    b.run(26.8);
    expect(playlist.answer?.status).toBe(503);
    expect(part.answer?.status).toBe(503);
    expect(playlist.count).toBe(1);
  });

  test("with long segments too, a waiter for a part is answered before players give up", () => {
    const b = bench({ grace: 0 }, { seconds: 28.6, gop: 250 }).run(28.7);
    const { targetDuration, mediaSequence, segments } = b.playlist();
    expect(targetDuration).toBe(8);
    const open = mediaSequence + segments.length - 1;
    const asked = b.ask("main.m3u8", `_HLS_msn=${open}&_HLS_part=${segments[segments.length - 1]?.parts.length}`);
    b.run(37.8);
    expect(asked.answer?.status).toBe(503);
  });

  test("cancelled, full and faulty waiters", () => {
    const b = new OriginBench(synthesize(STREAM), {}, { maxWaiters: 3 });
    b.run(20.5);
    const query = `_HLS_msn=${LAST + 1}&_HLS_part=1`;
    const [first, second] = [b.ask("main.m3u8", query), b.ask("main.m3u8", query)];
    b.origin.request({ stream: "live/test", resource: "main.m3u8", query }, b.now, () => {
      throw new Error("the socket is gone");
    });
    expect(b.ask("main.m3u8", query).answer?.status).toBe(503);
    first?.cancel?.();
    b.run(21);
    expect(first?.count).toBe(0);
    expect(second?.answer?.status).toBe(200);
    expect(b.faults.length).toBe(1);
  });
});

describe("delta updates", () => {
  test("skip what is beyond the boundary, and merge to the whole playlist", () => {
    const b = bench().run(60.9);
    const whole = b.playlist();
    const delta = b.playlist("_HLS_skip=YES");
    expect(delta.version).toBe(9);
    expect(delta.skipped).toBeGreaterThan(5);
    const kept = whole.segments.slice(delta.skipped);
    const duration = kept.reduce((sum, segment) => sum + segment.duration, 0);
    expect(duration).toBeGreaterThanOrEqual(12);
    expect(duration).toBeLessThan(14.1);
    const withMap = delta.segments.map((segment) => ({ ...segment, map: whole.segments[0]?.map }));
    expect(withMap).toEqual(kept);
    expect(textOf(b.ask("main.m3u8", "_HLS_skip=YES").answer)).not.toContain("EXT-X-MAP");
    expect(delta.mediaSequence).toBe(whole.mediaSequence);
    expect(delta.discontinuitySequence).toBe(whole.discontinuitySequence);
  });

  test("a short playlist is answered whole", () => {
    const b = bench().run(8);
    expect(b.ask("main.m3u8", "_HLS_skip=YES").answer?.body).toBe(b.ask("main.m3u8").answer?.body as never);
  });
});

describe("publishers come and go", () => {
  const first = synthesize({ ...STREAM, seconds: 20.5 });
  const lost: TimedEvent = { at: 20_600, event: { type: "gap", reason: "publisher-lost" } };
  /** Of this codec no silence is known. */
  const toAc3 = (track: Track): Track =>
    track.kind === "audio" ? { ...track, config: { ...track.config, codec: "ac3" } } : track;
  const again = (at: number) =>
    synthesize({ ...STREAM, seconds: 60, start: 10 + at / 1000 }).map((timed) => ({ ...timed, at: timed.at + at }));

  test("within the grace the playlist continues", () => {
    const b = new OriginBench([...first, lost, ...again(40_000)]);
    b.run(39.9);
    expect(b.output.state).toBe("waiting");
    expect(b.playlist().ended).toBe(false);
    b.run(50);
    expect(b.output.state).toBe("live");
    const after = b.playlist();
    expect(after.segments.some((segment) => segment.discontinuity)).toBe(false);
    expect(after.discontinuitySequence).toBe(500);
  });

  test("a discontinuity that leaves is counted", () => {
    const other = again(20_600).map(({ at, event }) => ({
      at,
      event: event.type === "tracks" ? { ...event, tracks: [videoTrack(30, Uint8Array.of(1, 2, 3, 4))] } : event,
    }));
    const b = new OriginBench([...first, lost, ...other]).run(40);
    const before = b.playlist();
    expect(before.segments.filter((segment) => segment.discontinuity).length).toBe(1);
    expect(before.discontinuitySequence).toBe(500);
    const later = b.run(75).playlist();
    expect(later.segments.some((segment) => segment.discontinuity)).toBe(false);
    expect(later.discontinuitySequence).toBe(501);
  });

  test("where nothing can stand in for the encoder, requests are held and answered when it is back", () => {
    const mute = [...first, lost, ...again(23_000)].map(({ at, event }) => ({
      at,
      event:
        event.type === "tracks"
          ? { ...event, tracks: event.tracks.filter(({ kind }) => kind === "audio").map(toAc3) }
          : event,
    }));
    const b = new OriginBench(mute.filter(({ event }) => event.type !== "packet" || event.track !== VIDEO_ID)).run(21);
    expect(b.output.state).toBe("waiting");
    const { preloadHint, mediaSequence, segments } = b.playlist();
    const blocked = b.ask(
      "main.m3u8",
      `_HLS_msn=${mediaSequence + segments.length - 1}&_HLS_part=${segments.at(-1)?.parts.length}`,
    );
    const hinted = b.ask(preloadHint ?? "");
    b.run(22.9);
    expect([blocked.answer, hinted.answer]).toEqual([undefined, undefined]);
    b.run(24);
    expect([blocked.answer?.status, hinted.answer?.status]).toEqual([200, 200]);
  });

  test("after the grace the playlist ends, wakes who waits, and is removed later", () => {
    const b = new OriginBench([...first, lost, { at: 31_000, event: { type: "end" } }], { grace: 10 });
    b.run(30.5);
    const last = b.playlist();
    const next = last.mediaSequence + last.segments.length;
    const blocked = b.ask("main.m3u8", `_HLS_msn=${next}&_HLS_part=0`);
    b.run(30.7);
    expect(toPlaylist(blocked.answer).ended).toBe(true);
    expect(b.output.state).toBe("ended");
    expect(textOf(b.ask("main.m3u8", "_HLS_skip=YES").answer)).toContain("#EXT-X-ENDLIST");
    expect(b.ask("main.m3u8", "_HLS_msn=999999999").answer?.status).toBe(200);
    expect(b.removed).toEqual([]);
    b.run(100);
    expect(b.removed).toEqual(["live/test"]);
    expect(b.ask("main.m3u8").answer?.status).toBe(404);
  });

  test("a publisher after that begins a playlist with higher numbers", () => {
    const b = new OriginBench([...first, lost, ...again(50_000)], { grace: 10 });
    b.run(40);
    const old = b.playlist();
    expect(old.ended).toBe(true);
    b.run(60);
    const fresh = b.playlist();
    expect(fresh.ended).toBe(false);
    expect(fresh.mediaSequence).toBeGreaterThanOrEqual(old.mediaSequence + old.segments.length);
    expect(fresh.discontinuitySequence).toBeGreaterThan(old.discontinuitySequence);
    expect(fresh.segments[0]?.map).not.toBe(old.segments[0]?.map);
  });

  test("somebody who connects within the grace but sends only after all of it is served", () => {
    for (const played of [true, false]) {
      const before = played ? [...first, lost] : [lost];
      const b = new OriginBench([...before, ...again(200_000)], { grace: 10 });
      b.run(150);
      expect(b.output.state).toBe("ended");
      expect(b.origin.deadline).toBeUndefined();
      b.run(210);
      expect(b.output.state).toBe("live");
      expect(b.playlist().ended).toBe(false);
    }
  });

  test("a closed playlist is not cached as one that goes on", () => {
    const b = new OriginBench([...first, lost], { grace: 10 });
    b.run(29);
    const { mediaSequence, segments } = b.playlist();
    const query = `_HLS_msn=${mediaSequence + segments.length}`;
    const blocked = b.ask("main.m3u8", query);
    b.run(31);
    expect(toPlaylist(blocked.answer).ended).toBe(true);
    expect(blocked.answer?.cacheControl).toBe("max-age=1");
    expect(b.ask("main.m3u8", query).answer?.cacheControl).toBe("max-age=1");
  });

  test("another stream of the path has higher numbers, however often the one before it broke off", () => {
    const events = Array.from({ length: 30 }, (_, i) => {
      const run = synthesize({ ...STREAM, seconds: 2.5, gop: 9, start: 10 + i * 3 });
      const at = i * 3000;
      return [...run.map((timed) => ({ ...timed, at: timed.at + at })), { ...lost, at: at + 2600 }];
    });
    const b = new OriginBench(events.flat(), { segment: 0.3, part: 0.3, window: 10 });
    b.run(90);
    const old = b.playlist();
    const next = new HlsOutput({
      path: "live/test",
      config: hlsSchema.parse({}),
      firstMsn: FIRST_MSN + 180,
      after: b.output,
      wallclockAt: (now) => now,
    });
    expect(next.nextMsn).toBeGreaterThanOrEqual(old.mediaSequence + old.segments.length);
    expect(next.nextDiscontinuity).toBeGreaterThan(b.output.nextDiscontinuity);
  });

  test("the end of the stream closes the playlist at once", () => {
    const b = new OriginBench([...first, { at: 20_600, event: { type: "end" } }]);
    b.run(20.7);
    expect(b.playlist().ended).toBe(true);
  });
});

test("the multivariant playlist says what is in it", () => {
  const b = bench({}, { bytesPerFrame: 10_000 }).run(20);
  const { variants } = parseMultivariantPlaylist(textOf(b.ask("index.m3u8").answer));
  expect(variants.length).toBe(1);
  const [variant] = variants;
  expect(variant?.uri).toBe("main.m3u8");
  expect(variant?.codecs).toEqual(["avc1.64001F", "mp4a.40.2"]);
  expect(variant?.resolution).toEqual({ width: 1280, height: 720 });
  expect(variant?.frameRate).toBe(30);
  // 30 frames of 10,000 bytes, and little else.
  expect(variant?.averageBandwidth).toBe(2_500_000);
  expect(variant?.bandwidth).toBe(2_700_000);
});

test("MPEG-TS uses the same window and playlists", () => {
  const b = bench({ format: "mpegts" }, { bytesPerFrame: 1000 }).run(30);
  const text = textOf(b.ask("main.m3u8").answer);
  expect(text).toContain("#EXT-X-VERSION:3\n");
  expect(text).not.toContain("EXT-X-MAP");
  expect(text).not.toContain("PART");
  const playlist = parseMediaPlaylist(text);
  const answer = b.ask(playlist.segments[1]?.uri ?? "").answer;
  expect(answer?.contentType).toBe("video/mp2t");
  expect(answer?.body instanceof Uint8Array && answer.body[0]).toBe(0x47);
});

test("MPEG-TS keeps what it announced when keyframes come farther apart", () => {
  const early = synthesize({ ...STREAM, seconds: 20 });
  const late = synthesize({ ...STREAM, seconds: 40, gop: 240, start: 30 }).slice(1);
  const b = new OriginBench([...early, ...late.map(({ at, event }) => ({ at: at + 20_000, event }))], {
    format: "mpegts",
  });
  b.run(10);
  expect(b.playlist().targetDuration).toBe(2);
  b.run(59);
  const playlist = b.playlist();
  expect(playlist.targetDuration).toBe(2);
  for (const segment of playlist.segments) expect(Math.round(segment.duration)).toBeLessThanOrEqual(2);
});

describe("TARGETDURATION holds for every segment", () => {
  const formats = [{}, { lowLatency: false }, { format: "mpegts" }];
  /** Asks for the first playlist at `from` seconds, then looks at every segment until `until`. */
  const expectKept = (events: readonly TimedEvent[], config: Record<string, unknown>, from: number, until: number) => {
    const b = new OriginBench(events, config).run(from);
    const announced = b.playlist().targetDuration;
    for (let at = from; at <= until; at += 2) {
      const playlist = b.run(at).playlist();
      expect(playlist.targetDuration).toBe(announced);
      for (const { uri, duration } of playlist.segments)
        if (uri !== undefined) expect(Math.round(duration)).toBeLessThanOrEqual(announced);
    }
    return announced;
  };

  test.each(formats)("of the one being made when it is first announced too: %j", (config) => {
    const early = synthesize({ ...STREAM, seconds: 6 });
    const late = synthesize({ ...STREAM, seconds: 30, gop: 300, start: 16 }).slice(1);
    const events = [...early, ...late.map(({ at, event }) => ({ at: at + 6000, event }))];
    expect(expectKept(events, config, 11.5, 34)).toBe(6);
  });

  test.each(formats)("while the picture stands still and the sound goes on: %j", (config) => {
    const events = synthesize({ ...STREAM, seconds: 60, dropped: (frame) => frame > 300 && frame < 1200 });
    expect(expectKept(events, config, 8, 58)).toBe(2);
  });

  test.each(formats)("over pauses: %j", (config) => {
    const events = synthesize({ ...STREAM, seconds: 60 }).filter(
      ({ at }) => !((at > 20_500 && at < 22_300) || (at > 30_700 && at < 34_900)),
    );
    expect(expectKept(events, config, 8, 58)).toBe(2);
  });
});

test("memory is flat over an hour", () => {
  const b = new OriginBench(synthesize({ ...STREAM, seconds: 3600, bytesPerFrame: 500 }));
  b.run(120);
  const held = b.output.bytesHeld;
  for (let at = 240; at <= 3600; at += 240) {
    b.run(at);
    expect(Math.abs(b.output.bytesHeld - held)).toBeLessThan(held * 0.1);
  }
  // The listed 30 s, as much that viewers may still fetch, and the boxes around it.
  const perSecond = 30 * 500 + (48_000 / 1024) * 20;
  expect(held).toBeLessThan(66 * perSecond * 1.3);
});

test("times that hardly move cannot fill the playlist", () => {
  const b = new OriginBench([]);
  const [tracks] = synthesize(STREAM);
  if (tracks) b.output.write(tracks.event, 0);
  const data = new Uint8Array(10);
  for (let i = 0; i < 50_000; i++) {
    const dts = 900_000 + i * 45;
    b.output.write({ type: "packet", track: 1, dts, pts: dts, duration: 0, key: true, data }, i);
  }
  expect(b.playlist().segments.length).toBeLessThanOrEqual(1001);
});

test("unknown and hostile names are 404", () => {
  const b = bench().run(20);
  for (const name of [
    "",
    "x",
    "main/",
    "main/1",
    "main/../secret",
    "main/init-1.m4s",
    "main/9999999999999999999.m4s",
    "main/1.2.3.m4s",
    "main/999999.m4s",
    "main/7200000.999999.m4s",
  ]) {
    expect(b.ask(name).answer?.status).toBe(404);
  }
});
