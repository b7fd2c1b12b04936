import { describe, expect, test } from "bun:test";
import { chooseEncoders, type FoundEncoders } from "./encoders.ts";
import { SOFTWARE } from "./ladder.ts";

const found = (h264: readonly string[], hevc: readonly string[] = [], refused?: Record<string, string>) =>
  ({
    ok: true,
    library: "FFmpeg",
    encoders: { h264: ["libx264", ...h264], hevc: ["libx265", ...hevc], av1: [] },
    ...(refused && { refused }),
  }) satisfies FoundEncoders;

describe("encoders", () => {
  test("software where nothing else is found, said so", () => {
    expect(chooseEncoders(found([]), "auto")).toEqual({
      encoders: SOFTWARE,
      fallback: "no hardware encoder works here",
    });
    expect(chooseEncoders(found([], [], { h264_nvenc: "no such device" }), "nvenc")).toEqual({
      encoders: SOFTWARE,
      fallback: "nvenc does not work here (no such device)",
    });
  });

  test("hardware codec by codec", () => {
    expect(chooseEncoders(found(["h264_vaapi", "h264_qsv"], ["hevc_vaapi"]), "auto")).toEqual({
      encoders: { ...SOFTWARE, h264: "h264_qsv", hevc: "hevc_vaapi" },
    });
    expect(chooseEncoders(found(["h264_vaapi", "h264_qsv"]), "vaapi").encoders.h264).toBe("h264_vaapi");
  });

  test("none where it is turned off", () => {
    expect(chooseEncoders(found(["h264_vaapi"]), "off")).toEqual({ encoders: SOFTWARE });
  });
});
