import { describe, expect, test } from "bun:test";
import { formatAgent, formatBackup, formatBitrate, formatDuration, formatFrameRate, formatMedia } from "./format.ts";
import { ServerClock } from "./server-clock.ts";

describe("texts", () => {
  test.each([
    [30.02, "30"],
    [29.95, "30"],
    [25, "25"],
    [59.9, "60"],
    [12.5, "12.5"],
    [10, "10"],
    [23.98, "24"],
    [144, "144"],
  ])("%p frames per second", (rate, text) => expect(formatFrameRate(rate)).toBe(text));

  test.each([
    [840_400, "840\u00a0kbit/s"],
    [999_900, "1.0\u00a0Mbit/s"],
    [2_549_000, "2.5\u00a0Mbit/s"],
  ])("%p bits per second", (bitrate, text) => expect(formatBitrate(bitrate)).toBe(text));

  test.each([
    [-5, "0 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [2 * 3_600_000 + 5 * 60_000, "2 h 05 min"],
    [76 * 3_600_000, "3 d 4 h"],
  ])("%p ms", (ms, text) => expect(formatDuration(ms)).toBe(text));

  test.each([
    ["obs-output module (libobs version 29.0.2)", "OBS 29.0.2"],
    ["Lavf59.27.100", "FFmpeg"],
    ["FMLE/3.0 (compatible; FMSc/1.0)", "FMLE/3.0 (compatible; FMSc/1.0)"],
    ["x".repeat(100), `${"x".repeat(39)}\u2026`],
  ])("%p", (agent, text) => expect(formatAgent(agent)).toBe(text));

  test("what is not known is left out", () => {
    expect(formatMedia({ bitrate: 0 })).toEqual([]);
    expect(formatMedia({ bitrate: 0, video: { codec: "h264", width: 0, height: 0, frameRate: 0 } })).toEqual(["H.264"]);
    expect(formatMedia({ bitrate: 96_000, audio: { codec: "aac", channels: 6, sampleRate: 48_000 } })).toEqual([
      "AAC",
      "5.1",
      "96\u00a0kbit/s",
    ]);
  });
});

test("the server's clock is learnt from its quickest answer", () => {
  const clock = new ServerClock();
  expect(clock.at(1000)).toBe(1000);
  clock.learn(61_050, 1000, 1100);
  expect(clock.at(2000)).toBe(62_000);
  clock.learn(70_000, 3000, 9000);
  expect(clock.at(2000)).toBe(62_000);
  clock.learn(63_015, 3000, 3010);
  expect(clock.at(3010)).toBe(63_020);
});

test("a backup encoder is told of when it matters", () => {
  const backup = { role: "backup", state: "standby", since: "", bitrate: 0 } as const;
  expect(formatBackup({ onAir: "primary", encoders: [] })).toBe("");
  expect(formatBackup({ onAir: "primary", encoders: [{ ...backup, state: "silent" }] })).toBe("");
  expect(formatBackup({ onAir: "primary", encoders: [backup] })).toBe("backup encoder ready");
  expect(formatBackup({ onAir: "backup", encoders: [{ ...backup, state: "on-air" }] })).toBe("backup encoder on air");
});
