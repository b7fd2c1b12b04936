import { describe, expect, test } from "bun:test";
import type { DecodedFrame } from "./clients/ffmpeg.ts";
import { compareTimes, faultsOf } from "./playback.ts";

const video = (pts: number, hash = String(pts)): DecodedFrame => ({ kind: "video", pts, hash });
const audio = (pts: number, hash = `a${pts}`): DecodedFrame => ({ kind: "audio", pts, hash });

describe("comparing times", () => {
  test("one delay for all is no spread", () => {
    const source = [video(0), audio(0), video(1), audio(1)];
    const played = source.map((frame) => ({ ...frame, pts: frame.pts + 5 }));
    expect(compareTimes(source, played)).toEqual({ matchedVideo: 2, matchedAudio: 2, spread: 0 });
  });

  test("sound that comes late against the picture is", () => {
    expect(compareTimes([video(0, "x"), audio(0)], [video(5, "x"), audio(5.25, "a0")]).spread).toBe(0.25);
  });

  test("content that comes twice says nothing", () => {
    expect(compareTimes([video(0, "x"), video(1, "x")], [video(9, "x")]).matchedVideo).toBe(0);
  });
});

describe("faults of a recording", () => {
  const steady = Array.from({ length: 61 }, (_, i) => [video(i / 30), audio(i / 30)]).flat();

  test("none when it is steady and long enough", () => {
    expect(faultsOf({ frames: steady, complaints: [] }, 2)).toEqual([]);
  });

  test("complaints, holes, steps back, missing kinds and a short length", () => {
    expect(faultsOf({ frames: steady, complaints: ["corrupt"] }, 2)).toEqual(["corrupt"]);
    expect(faultsOf({ frames: steady, complaints: [] }, 4)).toHaveLength(2);
    expect(faultsOf({ frames: steady.filter((frame) => frame.kind === "video"), complaints: [] }, 2)).toHaveLength(1);
    const hole = steady.filter((frame) => frame.kind === "audio" || frame.pts < 1 || frame.pts > 1.1);
    expect(faultsOf({ frames: hole, complaints: [] }, 2)).toHaveLength(1);
    expect(faultsOf({ frames: [...steady, video(1)], complaints: [] }, 2)).toHaveLength(1);
  });
});
