import { encodeFragment, type FragmentTrack, type Sample } from "../src/formats/mp4/fragment.ts";

/**
 * Time of one fragment: 12 video frames and 19 audio frames, as in a part of 0.4 s. Frames of one byte show the cost of
 * the boxes alone; frames as at 3 Mbit/s show it with the copies; the same bytes copied without boxes are the floor.
 * Run: `bun bench/mp4-fragment.ts`
 */
const VIDEO_FRAMES = 12;
const AUDIO_FRAMES = 19;

function samples(count: number, duration: number, sizeOf: (index: number) => number, video: boolean): Sample[] {
  return Array.from({ length: count }, (_, index) => ({
    duration,
    compositionOffset: video ? ([3000, 9000, 3000, 0][index % 4] as number) : 0,
    key: !video || index === 0,
    data: new Uint8Array(sizeOf(index)).fill(index),
  }));
}

function part(videoSize: (index: number) => number, audioSize: (index: number) => number): FragmentTrack[] {
  const base = 2 ** 35;
  const video = samples(VIDEO_FRAMES, 3000, videoSize, true);
  const audio = samples(AUDIO_FRAMES, 1024, audioSize, false);
  return [
    { trackId: 1, kind: "video", baseDecodeTime: base, samples: video },
    { trackId: 2, kind: "audio", baseDecodeTime: base, samples: audio },
  ];
}

/** The same allocation and copies, without boxes. */
function copyOnly(tracks: readonly FragmentTrack[]): Uint8Array {
  let size = 0;
  for (const track of tracks) for (const sample of track.samples) size += sample.data.length;
  const out = new Uint8Array(size);
  let at = 0;
  for (const track of tracks) {
    for (const sample of track.samples) {
      out.set(sample.data, at);
      at += sample.data.length;
    }
  }
  return out;
}

function measure(name: string, run: () => Uint8Array): void {
  const rounds = 20_000;
  let best = Number.POSITIVE_INFINITY;
  let bytes = 0;
  for (let repeat = 0; repeat < 5; repeat++) {
    const start = performance.now();
    for (let i = 0; i < rounds; i++) bytes = run().length;
    best = Math.min(best, ((performance.now() - start) * 1000) / rounds);
  }
  console.log(`${name.padEnd(28)} ${best.toFixed(2).padStart(7)} us  ${bytes} bytes`);
}

const tiny = part(
  (index) => 1 + (index & 1),
  (index) => 1 + (index & 1),
);
const real = part(
  (index) => (index === 0 ? 60_000 : 8_000 + index * 100),
  (index) => 340 + (index % 5),
);
measure("boxes, frames of 1-2 bytes", () => encodeFragment(1, tiny));
measure("copies alone, 3 Mbit/s", () => copyOnly(real));
measure("fragment, 3 Mbit/s", () => encodeFragment(1, real));
