import { describe, expect, test } from "bun:test";
import older from "../../test/fixtures/obs/request-2024-06-04.json";
import recent from "../../test/fixtures/obs/request-2025-01-25.json";

import { findApplication } from "../config/application.ts";
import { type ConfigInput, configSchema } from "../config/schema.ts";
import { silentLog } from "../log.ts";
import type { ClientConfiguration } from "../obs/client-configuration.ts";
import { answerMultitrack } from "./multitrack.ts";

const HOST = { host: "example.org", secure: false };

function asked(
  question: object,
  applications: ConfigInput extends infer C ? NonNullable<C> : never = {},
  ports = { rtmp: 1935 },
) {
  const config = configSchema.parse(applications);
  return answerMultitrack(
    { application: "live", ...HOST, by: "client", body: recent, ...question } as Parameters<typeof answerMultitrack>[0],
    { application: (name) => findApplication(config.applications, name), ports: () => ports, log: silentLog },
  );
}
const value = (...given: Parameters<typeof asked>) => asked(...given).value as ClientConfiguration;

describe("OBS is told", () => {
  test("a ladder from its own canvas, best first, at half the frame rate below 720 lines", () => {
    const told = value({});
    expect(told.meta).toEqual({ service: "IVS", schema_version: "2025-01-25", config_id: "" });
    expect(told.status).toBeUndefined();
    expect(told.ingest_endpoints).toEqual([{ protocol: "RTMP", url_template: "rtmp://example.org/live/{stream_key}" }]);
    const tracks = told.encoder_configurations;
    expect(tracks.map(({ width, height, framerate }) => [width, height, framerate])).toEqual([
      [1920, 1080, { numerator: 60, denominator: 1 }],
      [1280, 720, { numerator: 60, denominator: 1 }],
      [854, 480, { numerator: 60, denominator: 2 }],
      [640, 360, { numerator: 60, denominator: 2 }],
      [426, 240, { numerator: 60, denominator: 2 }],
    ]);
    expect(new Set(tracks.map(({ type }) => type))).toEqual(new Set(["obs_nvenc_h264_tex"]));
    const rates = tracks.map(({ settings }) => settings.bitrate as number);
    expect(rates).toEqual([...rates].sort((a, b) => b - a));
    expect(told.audio_configurations.live).toEqual([
      { codec: "ffmpeg_aac", track_id: 1, channels: 2, settings: { bitrate: 160 } },
    ]);
  });

  test("what fits the user's limits, for an older version", () => {
    const tracks = value({ body: older }).encoder_configurations;
    expect(tracks.map(({ height, framerate }) => [height, framerate?.denominator])).toEqual([
      [720, 1001],
      [240, 1001],
    ]);
    const sum = tracks.reduce((total, { settings }) => total + (settings.bitrate as number), 0);
    expect(sum).toBeLessThanOrEqual(3000);
  });

  test("the rungs of the configuration, also those of a function of the stream", () => {
    const rungs = [{ height: 540, bitrate: 1_800_000 }, { height: 2160 }];
    const list = value({}, { applications: { live: { abr: { rungs } } } });
    expect(list.encoder_configurations.map(({ height }) => height)).toEqual([1080, 540]);
    expect(list.encoder_configurations[1]?.settings.bitrate).toBe(1800);
    const paths: string[] = [];
    const chosen = (stream: { path: string }) => {
      paths.push(stream.path);
      return stream.path === "live/test" ? [{ height: 360 }] : false;
    };
    const config = { applications: { live: { abr: { rungs: chosen } } } } as ConfigInput;
    expect(value({}, config).encoder_configurations.map(({ height }) => height)).toEqual([1080, 360]);
    const other = { ...recent, authentication: "other?a=b" };
    expect(value({ body: other }, config).encoder_configurations.map(({ height }) => height)).toEqual([1080]);
    expect(paths).toEqual(["live/test", "live/other"]);
  });

  test("RTMPS first when it asks by HTTPS, and the port where it is not the usual one", () => {
    const ports = { rtmp: 1936, rtmps: 443 };
    const urls = (secure: boolean) =>
      value({ secure }, {}, ports).ingest_endpoints.map(({ url_template }) => url_template);
    const [plain, safe] = ["rtmp://example.org:1936/live/{stream_key}", "rtmps://example.org/live/{stream_key}"];
    expect(urls(false)).toEqual([plain, safe]);
    expect(urls(true)).toEqual([safe, plain]);
  });

  for (const { name, question, config, ports, reason } of [
    { name: "an application that is none", question: { application: "api" }, reason: /no application "api"/ },
    {
      name: "one that takes no streams",
      question: {},
      config: { applications: { live: { live: false } } },
      reason: /no application "live"/,
    },
    { name: "no RTMP", question: {}, ports: {}, reason: /does not listen for RTMP/ },
    {
      name: "a request that is none",
      question: { body: { service: "<b>" } },
      reason: /does not understand what OBS asks: /,
    },
    {
      name: "a function that fails",
      question: {},
      config: {
        applications: {
          live: {
            abr: {
              rungs: () => {
                throw new Error("oops");
              },
            },
          },
        },
      } as ConfigInput,
      reason: /server's log says why/,
    },
  ]) {
    test(`why there is nothing to send: ${name}`, () => {
      const answer = asked(question, config, ports as { rtmp: number });
      expect(answer.status).toBe(200);
      const told = answer.value as ClientConfiguration;
      expect(told.status).toMatchObject({ result: "error", html_en_us: expect.stringMatching(reason) });
      expect(told.encoder_configurations).toEqual([]);
    });
  }
});

describe("a person gets", () => {
  test("a text to paste, for the encoder that every OBS has, without a frame rate", () => {
    const told = value({ by: "person" });
    expect(told.meta.service).toBe("naru");
    expect(told.encoder_configurations.map(({ type, height, framerate }) => [type, height, framerate])).toEqual(
      [1080, 720, 480, 360, 240].map((height) => ["obs_x264", height, undefined]),
    );
  });

  test("the encoder and the size asked for", () => {
    const told = value({ by: "person", encoder: "qsv", height: 720 });
    expect(told.encoder_configurations.map(({ type, width }) => [type, width])).toEqual(
      [1280, 854, 640, 426].map((width) => ["obs_qsv11_v2", width]),
    );
  });

  for (const [wish, status] of [
    [{ encoder: "constructor" }, 400],
    [{ height: 100_000 }, 400],
    [{ application: "_naru" }, 404],
  ] as const) {
    test(`status ${status} for ${JSON.stringify(wish)}`, () => {
      expect(asked({ by: "person", ...wish }).status).toBe(status);
    });
  }
});
