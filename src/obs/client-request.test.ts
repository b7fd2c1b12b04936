import { describe, expect, test } from "bun:test";
import older from "../../test/fixtures/obs/request-2024-06-04.json";
import recent from "../../test/fixtures/obs/request-2025-01-25.json";
import { readClientRequest } from "./client-request.ts";

describe("what OBS asks", () => {
  test("with canvases and a list of encoders", () => {
    expect(readClientRequest(recent)).toEqual({
      service: "IVS",
      schemaVersion: "2025-01-25",
      streamKey: "test",
      client: {
        version: "32.1.0",
        encoders: recent.client.supported_encoders,
        system: "Windows",
        gpuVendors: [0x10de],
      },
      canvas: { width: 1920, height: 1080, frameRate: { numerator: 60, denominator: 1 } },
    });
  });

  test("with one canvas, no graphics card, and limits", () => {
    expect(readClientRequest(older)).toEqual({
      service: "IVS",
      schemaVersion: "2024-06-04",
      streamKey: "test?bandwidthtest=true",
      client: { version: "30.2.3", system: "Linux", gpuVendors: [] },
      canvas: { width: 1280, height: 720, frameRate: { numerator: 30_000, denominator: 1001 } },
      maxTracks: 3,
      maxBitrate: 3_000_000,
    });
  });

  test("the card that composes the picture comes first", () => {
    const gpu = [{ vendor_id: 0x8086 }, { vendor_id: 0x10de }];
    const request = {
      ...recent,
      capabilities: { gpu },
      preferences: { ...recent.preferences, composition_gpu_index: 1 },
    };
    expect(readClientRequest(request)).toMatchObject({ client: { gpuVendors: [0x10de, 0x8086], system: "" } });
  });

  const broken: readonly (readonly [unknown, RegExp])[] = [
    [null, /^the request: /],
    [{}, /^service: /],
    [{ ...recent, client: { name: "obs-studio" } }, /^client\.version: /],
    [{ ...recent, authentication: "k".repeat(5000) }, /^authentication: /],
    [{ ...recent, preferences: { canvases: [] } }, /^preferences\.canvases: there is no canvas$/],
    [{ ...recent, preferences: { width: 1280, height: 720 } }, /^preferences\.canvases: there is no canvas$/],
    [
      { ...recent, preferences: { canvases: [{ ...recent.preferences.canvases[0], width: 1e9 }] } },
      /^preferences\.canvases\.0\.width: /,
    ],
    [
      {
        ...recent,
        preferences: {
          canvases: [{ ...recent.preferences.canvases[0], framerate: { numerator: 60, denominator: 0 } }],
        },
      },
      /^preferences\.canvases\.0\.framerate\.denominator: /,
    ],
    [
      { ...recent, client: { ...recent.client, supported_encoders: Array(500).fill("x") } },
      /^client\.supported_encoders: /,
    ],
  ];
  for (const [body, reason] of broken) {
    test(`is refused: ${reason.source}`, () => {
      const read = readClientRequest(body);
      expect(typeof read).toBe("string");
      expect(read as string).toMatch(reason);
    });
  }
});
