import { describe, expect, test } from "bun:test";
import type { MediaEvent, Packet } from "../media/event.ts";
import type { VideoTrack } from "../media/track.ts";
import { backupSchema } from "./config.ts";
import { PublishRefusedError, type PublishRequest } from "./publish.ts";
import { type StreamPolicy, StreamRegistry } from "./registry.ts";
import type { Stream } from "./stream.ts";

const track: VideoTrack = {
  id: 0,
  kind: "video",
  timescale: 90_000,
  config: {
    codec: "h264",
    record: new Uint8Array(),
    codecString: "avc1.42C01E",
    width: 640,
    height: 360,
    sar: { width: 1, height: 1 },
  },
};

function frame(index: number, bytes = 1000, key = index % 30 === 0): Packet {
  return {
    type: "packet",
    track: 0,
    dts: index * 3000,
    pts: index * 3000,
    duration: 0,
    key,
    data: new Uint8Array(bytes),
  };
}

function request(path: string, closed: string[] = []): PublishRequest {
  return { path, protocol: "rtmp", remote: "127.0.0.1:1", query: "", onClosed: (reason) => closed.push(reason) };
}

function registry(policy: Partial<StreamPolicy> = {}) {
  const created: Stream[] = [];
  const removed: Stream[] = [];
  const failures: unknown[] = [];
  const made = new StreamRegistry({
    policy: (application) =>
      application === "live"
        ? { live: true, secondPublisher: "refuse", graceMs: 5000, backup: backupSchema.parse({}), ...policy }
        : undefined,
    maxStreams: 3,
    onStream: (stream) => created.push(stream),
    onRemoved: (stream) => removed.push(stream),
    onSinkFailure: (_stream, error) => failures.push(error),
  });
  return { registry: made, created, removed, failures };
}

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof PublishRefusedError) return error.code;
    throw error;
  }
  return "accepted";
}

describe("StreamRegistry", () => {
  test("refuses by name what it cannot take", () => {
    const { registry: r } = registry();
    expect(refusal(() => r.publish(request("vod/a"), 0))).toBe("unknown-application");
    for (const path of [
      "live",
      "live/",
      "live/../x",
      "live//x",
      "live/a\u0000",
      `live/${"x".repeat(2000)}`,
      "live/a\\b",
    ]) {
      expect(refusal(() => r.publish(request(path), 0))).toBe("bad-path");
    }
    for (const path of ["live/a", "live/한국어 방송", "live/deep/er"])
      expect(refusal(() => r.publish(request(path), 0))).toBe("accepted");
    expect(refusal(() => r.publish(request("live/b"), 0))).toBe("limit-reached");
    expect(refusal(() => registry({ live: false }).registry.publish(request("live/a"), 0))).toBe("not-live");
  });

  test("a second publisher is refused, or takes over when configured so", () => {
    const closed: string[] = [];
    const { registry: refusing } = registry();
    refusing.publish(request("live/a", closed), 0);
    expect(refusal(() => refusing.publish(request("live/a"), 1))).toBe("already-publishing");
    expect(closed).toEqual([]);

    const { registry: replacing, created } = registry({ secondPublisher: "replace" });
    const first = replacing.publish(request("live/a", closed), 0);
    const events: MediaEvent["type"][] = [];
    created[0]?.attach((event) => events.push(event.type), 0);
    const second = replacing.publish(request("live/a"), 1);
    second.write({ type: "tracks", tracks: [track] }, 1);
    first.write({ type: "tracks", tracks: [] }, 2);
    first.close("late", 2);
    expect(closed).toEqual(["replaced by another publisher"]);
    expect(events).toEqual(["gap", "tracks"]);
    expect(created[0]?.state).toBe("starting");
    second.write(frame(0), 3);
    expect(created[0]?.state).toBe("live");
  });

  test("a stream waits for its publisher, then ends", () => {
    const { registry: r, created, removed } = registry();
    r.publish(request("live/a"), 0).close("gone", 1000);
    expect(created[0]?.state).toBe("waiting");
    expect(r.deadline).toBe(6000);
    r.tick(5999);
    const back = r.publish(request("live/a"), 5999);
    expect(r.deadline).toBeUndefined();
    expect(created.length).toBe(1);
    back.close("gone", 7000);
    const events: MediaEvent["type"][] = [];
    created[0]?.attach((event) => events.push(event.type), 7000);
    r.tick(12_000);
    expect(events).toEqual(["end"]);
    expect(removed).toEqual(created);
    expect(r.get("live/a")).toBeUndefined();
  });

  test("a fault in what is done with one stream does not keep the others from it", () => {
    const faults: string[] = [];
    const removed: string[] = [];
    const r = new StreamRegistry({
      policy: () => ({ live: true, secondPublisher: "refuse", graceMs: 5000, backup: backupSchema.parse({}) }),
      maxStreams: 3,
      onStream: () => {},
      onRemoved: ({ path }) => {
        removed.push(path);
        if (path === "live/a") throw new Error("bug");
      },
      onSinkFailure: () => {},
      onFault: ({ path }) => faults.push(path),
    });
    for (const path of ["live/a", "live/b"]) r.publish(request(path), 0).close("gone", 0);
    r.tick(5000);
    expect(removed).toEqual(["live/a", "live/b"]);
    expect(faults).toEqual(["live/a"]);
    expect(r.list()).toEqual([]);
  });

  test("a reader that throws is taken off; the others and the publisher do not notice", () => {
    const { registry: r, created, failures } = registry();
    const publisher = r.publish(request("live/a"), 0);
    let seen = 0;
    created[0]?.attach(() => {
      throw new Error("bug");
    }, 0);
    created[0]?.attach(() => seen++, 0);
    publisher.write({ type: "tracks", tracks: [track] }, 0);
    publisher.write(frame(0), 0);
    expect(seen).toBe(2);
    expect(failures.length).toBe(1);
    expect(created[0]?.readers).toBe(1);
  });

  test("a subscriber starts at the last keyframe", () => {
    const { registry: r, created } = registry();
    const publisher = r.publish(request("live/a"), 0);
    publisher.write({ type: "tracks", tracks: [track] }, 0);
    for (let i = 0; i < 40; i++) publisher.write(frame(i), i * 33);
    const subscription = (created[0] as Stream).subscribe(0);
    const events = subscription.take();
    expect(events[0]?.type).toBe("tracks");
    expect(events.length).toBe(11);
    expect(events[1]).toMatchObject({ type: "packet", key: true });
    subscription.close();
    subscription.close();
    expect(created[0]?.subscriptions).toBe(0);
  });

  test("a subscriber that falls behind skips to a keyframe, is told, and memory stays bounded", () => {
    const { registry: r, created } = registry();
    const publisher = r.publish(request("live/a"), 0);
    publisher.write({ type: "tracks", tracks: [track] }, 0);
    const subscription = (created[0] as Stream).subscribe(0, { maxBytes: 20_000, maxEvents: 1000 });
    let most = 0;
    for (let i = 0; i < 95; i++) {
      publisher.write(frame(i), i * 33);
      most = Math.max(most, subscription.waitingBytes);
    }
    expect(most).toBeLessThanOrEqual(20_000);
    const events = subscription.take();
    const packets = events.filter((event) => event.type === "packet");
    expect(events.map((event) => event.type).slice(0, 2)).toEqual(["gap", "tracks"]);
    expect(packets[0]?.key).toBe(true);
    expect(packets.length + subscription.dropped).toBe(95);
  });

  test("the cache keeps the keyframe but not a group of pictures past its bound", () => {
    const { registry: r, created } = registry();
    const publisher = r.publish(request("live/a"), 0);
    publisher.write({ type: "tracks", tracks: [track] }, 0);
    for (let i = 0; i < 20; i++) publisher.write(frame(i, 200_000), i * 33);
    expect(created[0]?.cache.packets.length).toBe(0);
    expect(created[0]?.cache.keyframe?.packet.key).toBe(true);
  });

  test("the cache is bounded where packets hold next to nothing", () => {
    const { registry: r, created } = registry();
    const publisher = r.publish(request("live/a"), 0);
    publisher.write({ type: "tracks", tracks: [track] }, 0);
    for (let i = 0; i < 20_000; i++) publisher.write(frame(i, 0, i === 0), i);
    expect(created[0]?.cache.packets.length).toBe(0);
  });

  test("statistics tell bitrate, frame rate, keyframe interval", () => {
    const { registry: r, created } = registry();
    const publisher = r.publish(request("live/a"), 0);
    publisher.write({ type: "tracks", tracks: [track] }, 0);
    for (let i = 0; i < 150; i++) publisher.write(frame(i), (i * 100) / 3);
    const stats = (created[0] as Stream).stats(5000);
    expect(stats.frameRate).toBeCloseTo(30, 0);
    expect(stats.bitrate / 240_000).toBeCloseTo(1, 1);
    expect(stats.keyframeInterval).toBeCloseTo(1, 3);
    expect((created[0] as Stream).stats(60_000).bitrate).toBe(0);
  });
});
