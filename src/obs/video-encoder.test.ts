import { expect, test } from "bun:test";
import { chooseEncoder, ENCODER_KINDS, encoderOf, encoderSettings } from "./video-encoder.ts";

const NVIDIA = 0x10de;
const AMD = 0x1002;
const INTEL = 0x8086;

for (const { name, client, id } of [
  {
    name: "what it lists, hardware first",
    client: { encoders: ["obs_x264", "obs_nvenc_h264_tex"] },
    id: "obs_nvenc_h264_tex",
  },
  { name: "NVENC by its old name", client: { encoders: ["jim_nvenc", "obs_x264"] }, id: "jim_nvenc" },
  {
    name: "Apple's",
    client: { encoders: ["obs_x264", "com.apple.videotoolbox.videoencoder.ave.avc"], system: "macOS" },
    id: "com.apple.videotoolbox.videoencoder.ave.avc",
  },
  {
    name: "x264 where the list has nothing else",
    client: { encoders: ["obs_nvenc_av1_tex"], gpuVendors: [NVIDIA] },
    id: "obs_x264",
  },
  { name: "by the card, without a list", client: { gpuVendors: [NVIDIA] }, id: "obs_nvenc_h264_tex" },
  { name: "by card and version", client: { gpuVendors: [NVIDIA], version: "30.2.3" }, id: "jim_nvenc" },
  { name: "AMD's", client: { gpuVendors: [AMD, INTEL] }, id: "h264_texture_amf" },
  { name: "Intel's", client: { gpuVendors: [0x1414, INTEL] }, id: "obs_qsv11_v2" },
  { name: "x264 on Linux with an AMD card", client: { gpuVendors: [AMD], system: "Linux" }, id: "obs_x264" },
  { name: "x264 where there is no card", client: {}, id: "obs_x264" },
]) {
  test(`a client is given ${name}`, () => {
    expect(chooseEncoder({ version: "31.0.0", system: "Windows", gpuVendors: [], ...client }).id).toBe(id);
  });
}

test("every encoder keeps to a constant rate, with keyframes every two seconds and none out of order", () => {
  for (const kind of ENCODER_KINDS) {
    expect(encoderOf(kind).kind).toBe(kind);
    expect(encoderSettings(kind, 2_499_600)).toMatchObject({
      rate_control: "CBR",
      bitrate: 2500,
      keyint_sec: 2,
      bf: 0,
    });
  }
});
