import { afterEach, describe, expect, test } from "bun:test";
import { rtmpSchema } from "../gateways/rtmp/config.ts";
import { startRtmpGateway } from "../gateways/rtmp/server.ts";
import { silentLog } from "../log.ts";
import type { MediaEvent, Packet } from "../media/event.ts";
import { type Ingest, PublishRefusedError } from "../streams/publish.ts";
import { FRAME_RATE } from "./cells.ts";
import { type PublishTarget, parsePublishUrl } from "./publish-url.ts";
import { type DemoPublisher, type PublishFailedError, startDemoPublisher } from "./publisher.ts";

const clock = () => performance.now();
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** The real RTMP gateway, which keeps what it is given. */
function startServer(refusal?: PublishRefusedError) {
  const events: MediaEvent[] = [];
  const paths: string[] = [];
  let end: (reason: string) => void = () => {};
  const left = Promise.withResolvers<void>();
  const ingest: Ingest = {
    publish(request) {
      if (refusal) throw refusal;
      paths.push(request.path);
      end = request.onClosed;
      return { write: (event) => events.push(event), describe() {}, received() {}, close: () => left.resolve() };
    },
  };
  const config = rtmpSchema.parse({ listen: "127.0.0.1:0" });
  const gateway = startRtmpGateway({ config, ingest, log: silentLog, clock });
  closers.push(() => gateway.close());
  return { port: gateway.addresses[0]?.port ?? 0, events, paths, left: left.promise, kick: () => end("kicked") };
}

const targetAt = (port: number): PublishTarget =>
  parsePublishUrl(`rtmp://127.0.0.1:${port}/live/demo`) as PublishTarget;

async function publishTo(
  port: number,
  wallclockAt = (now: number) => performance.timeOrigin + now,
): Promise<DemoPublisher> {
  const publisher = await startDemoPublisher({
    target: targetAt(port),
    clock,
    wallclockAt,
    timeOfDay: (wallclock) => wallclock % 86_400_000,
    agent: "test",
  });
  closers.push(() => publisher.close());
  return publisher;
}

const failureAt = (port: number): Promise<PublishFailedError> =>
  publishTo(port).then(
    () => Promise.reject(new Error("the publish began")),
    (error: PublishFailedError) => error,
  );

describe("startDemoPublisher", () => {
  test("publishes video and audio at the pace of the clock, and says goodbye", async () => {
    const server = startServer();
    const publisher = await publishTo(server.port);
    const began = clock();
    await Bun.sleep(1500);
    publisher.close();
    publisher.close();
    const expectedFrames = ((clock() - began) * FRAME_RATE) / 1000;
    const summary = await publisher.ended;
    await server.left;

    expect(summary.code).toBe("shutdown");
    expect(summary.stalls).toBe(0);
    expect(server.paths).toEqual(["live/demo"]);
    const [first] = server.events;
    const tracks = first?.type === "tracks" ? first.tracks : [];
    expect(tracks.flatMap((track) => (track.kind === "data" ? [] : [track.config]))).toMatchObject([
      { codec: "h264", codecString: "avc1.42C01E", width: 640, height: 360 },
      { codec: "aac", codecString: "mp4a.40.2", sampleRate: 48_000, channels: 1 },
    ]);
    const packets = server.events.filter((event): event is Packet => event.type === "packet");
    const video = packets.filter(({ track }) => track === 0);
    expect(video[0]?.key).toBe(true);
    // One frame more or less, and what a machine under load has not come round to.
    expect(video.length).toBeLessThan(expectedFrames + 2);
    expect(video.length).toBeGreaterThan(expectedFrames - 10);
    expect(summary.videoFrames).toBe(video.length);
    expect(packets.length - video.length).toBeGreaterThan(55);
    const steps = video.slice(1).map((packet, i) => packet.dts - (video[i] as Packet).dts);
    expect(steps.every((step) => step === 33 * 90 || step === 34 * 90)).toBe(true);
  });

  test("leaves out what a suspended machine has missed", async () => {
    const server = startServer();
    let asleep = 0;
    const publisher = await publishTo(server.port, (now) => now + asleep);
    await Bun.sleep(300);
    asleep = 20_000;
    await Bun.sleep(300);
    publisher.close();
    await server.left;
    const video = server.events.filter((event): event is Packet => event.type === "packet" && event.track === 0);
    const after = video.findIndex((packet, i) => packet.dts - (video[i - 1]?.dts ?? 0) > 19_000 * 90);
    expect(after).toBeGreaterThan(0);
    expect(video[after]?.key).toBe(true);
    expect(video.length).toBeLessThan(40);
  });

  test("says that nobody listens", async () => {
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const { port } = listener;
    listener.stop(true);
    expect(await failureAt(port)).toMatchObject({
      code: "refused",
      message: `no connection to 127.0.0.1 port ${port}: nobody listens there`,
    });
  });

  test("repeats why a server refuses", async () => {
    const server = startServer(new PublishRefusedError("already-publishing", "live/demo is already live"));
    const failure = await failureAt(server.port);
    expect(failure.code).toBe("rejected");
    expect(failure.message).toContain("already live");
  });

  test("tells a server that closes, or does not speak RTMP", async () => {
    for (const answer of ["", "HTTP/1.1 400 Bad Request\r\n\r\n"]) {
      const listener = Bun.listen({
        hostname: "127.0.0.1",
        port: 0,
        socket: {
          data(socket) {
            socket.end(answer);
          },
        },
      });
      closers.push(() => listener.stop(true));
      expect((await failureAt(listener.port)).code).toBe("closed");
    }
  });

  test("ends when the server ends the publish", async () => {
    const server = startServer();
    const publisher = await publishTo(server.port);
    server.kick();
    const { code, reason } = await publisher.ended;
    expect(code).not.toBe("shutdown");
    expect(reason).not.toBe("");
  });
});
