// CPU of the HLS output per second of stream: packager, MP4, window, and the playlist once per part as a viewer makes it.
//   bun bench/hls-packager.ts [STREAMS] [SECONDS]
import { hlsSchema } from "../src/hls/config.ts";
import { HlsOutput } from "../src/hls/output.ts";
import type { RenditionEvent } from "../src/hls/rendition.ts";
import type { MediaEvent } from "../src/media/event.ts";
import { synthesize, VIDEO_ID } from "../test/hls/synthetic.ts";

const streams = Number(process.argv[2] ?? 20);
const seconds = Number(process.argv[3] ?? 120);

/** 720p30 at 2.5 Mbit/s with AAC of 128 kbit/s. */
const source = synthesize({
  seconds,
  fps: 30,
  gop: 60,
  audio: true,
  milliseconds: true,
  reorder: 2,
  bytesPerFrame: 10_400,
});

const events = source.map(({ at, event }) => {
  if (event.type === "packet" && event.track === VIDEO_ID) {
    // One NAL unit that fills the packet.
    new DataView(event.data.buffer).setUint32(0, event.data.length - 4);
    event.data[4] = event.key ? 0x65 : 0x41;
  }
  return { at, event };
});

for (const format of ["cmaf", "mpegts"]) {
  for (const watched of [false, true]) run(format, watched);
}

function run(format: string, watched: boolean): void {
  let requests = 0;
  const wanted = format === "cmaf" ? "part" : "segment";
  const outputs = Array.from({ length: streams }, (_, index) => {
    const output: HlsOutput = new HlsOutput({
      path: `live/${index}`,
      config: hlsSchema.parse({ format }),
      firstMsn: 1,
      wallclockAt: (now) => now,
      onRendition: (event: RenditionEvent) => {
        if (!watched || event.type !== wanted) return;
        output.request("main.m3u8", "_HLS_skip=YES", 0, () => requests++);
      },
    });
    return output;
  });
  const write = (event: MediaEvent, at: number) => {
    for (const output of outputs) output.write(event, at);
  };
  const half = events.length >> 1;
  for (const { at, event } of events.slice(0, half)) write(event, at);
  Bun.gc(true);
  const before = process.cpuUsage();
  for (const { at, event } of events.slice(half)) write(event, at);
  const used = process.cpuUsage(before);
  const perSecond = (used.user + used.system) / 1000 / (streams * (seconds / 2));
  const held = outputs.reduce((sum, output) => sum + output.bytesHeld, 0) / streams / 1024 ** 2;
  const line = `${format}${watched ? ", playlist per change" : ""}`.padEnd(32);
  console.log(
    `${line}${perSecond.toFixed(3)} ms CPU per second and stream, ${held.toFixed(1)} MiB held, ${requests} playlists`,
  );
}
