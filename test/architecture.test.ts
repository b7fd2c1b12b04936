import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/**
 * Which rooms a room may import, besides itself (docs/architecture.md). `config` slices live in the rooms, so every room may
 * import what they are written with.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  bytes: [],
  log: [],
  media: ["bytes"],
  codecs: ["bytes", "media"],
  formats: ["bytes", "media", "codecs"],
  protocols: ["bytes", "media", "codecs", "formats"],
  streams: ["bytes", "media"],
  hls: ["bytes", "media", "codecs", "formats", "streams"],
  dash: ["bytes", "media", "formats", "hls"],
  play: ["bytes", "media", "codecs", "formats", "streams"],
  gateways: [
    "vod",
    "bytes",
    "media",
    "codecs",
    "formats",
    "protocols",
    "streams",
    "play",
    "hls",
    "dash",
    "pictures",
    "record",
    "log",
  ],
  demo: ["bytes", "media", "codecs", "formats", "protocols", "relay", "log"],
  "media-process": ["bytes"],
  pictures: ["bytes", "media", "codecs", "formats", "streams", "hls", "media-process"],
  latency: ["demo"],
  load: ["bytes", "media", "formats"],
  access: ["streams", "gateways"],
  control: ["media", "streams", "gateways"],
  obs: [],
  validate: ["bytes", "media", "codecs", "formats"],
  transcode: ["bytes", "media", "codecs", "formats", "hls", "log", "media-process"],
  relay: ["bytes", "media", "formats", "protocols", "streams", "play", "gateways", "log"],
  record: ["bytes", "media", "codecs", "formats", "hls"],
  vod: ["bytes", "media", "codecs", "formats"],
  hooks: ["media", "streams", "log"],
  "access-log": ["media", "streams", "log"],
  exec: ["media", "streams", "media-process", "log"],
  config: [
    "access-log",
    "control",
    "vod",
    "access",
    "exec",
    "hooks",
    "relay",
    "protocols",
    "record",
    "bytes",
    "media",
    "streams",
    "play",
    "hls",
    "dash",
    "transcode",
    "pictures",
    "gateways",
    "log",
  ],
};
/** What slices of the configuration are written with, in any room. */
const SLICE_FORMS = ["config/units.ts", "config/forms.ts"];
const PURE = [
  "vod",
  "bytes",
  "media",
  "codecs",
  "formats",
  "protocols",
  "streams",
  "play",
  "hls",
  "dash",
  "obs",
  "pictures",
  "validate",
  "transcode",
];
/** What fetches, or runs processes and codecs, in a room that is pure but for it. */
const EDGE_IN_PURE = /^(validate\/(engine\/|validate\.ts$)|(transcode|pictures)\/(child\/|process\.ts$))/;
const FORBIDDEN_IN_PURE: readonly (readonly [string, RegExp])[] = [
  ["a Bun or Node module", /from "(bun|node:)/],
  ["the Bun global", /\bBun\./],
  ["the clock", /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b/],
  ["a timer", /\b(setTimeout|setInterval|setImmediate)\(/],
  ["randomness", /\bMath\.random\b|\bcrypto\.(getRandomValues|randomUUID)\b/],
  ["the process", /\bprocess\.(env|cwd|stdout|exit)\b/],
];

const root = join(import.meta.dir, "..", "src");
const files = [...new Bun.Glob("**/*.ts").scanSync(root)].filter((file) => !file.endsWith(".test.ts"));

function roomOf(file: string): string {
  return file.includes("/") ? file.slice(0, file.indexOf("/")) : file.replace(/\.ts$/, "");
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?"(\.[^"]+)"/g)].map((match) =>
    normalize(join(dirname(file), match[1] as string)),
  );
}

describe("architecture", () => {
  test("there is something to look at", () => {
    expect(files.length).toBeGreaterThan(30);
  });

  test("imports point one way", () => {
    const wrong: string[] = [];
    for (const file of files) {
      const room = roomOf(file);
      const allowed = MAY_IMPORT[room];
      if (!allowed) continue;
      for (const target of importsOf(file)) {
        const to = roomOf(target);
        if (to === room || allowed.includes(to) || SLICE_FORMS.includes(target)) continue;
        wrong.push(`${file} imports ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("no gateway imports another; what stands beside them is for all", () => {
    const wrong: string[] = [];
    for (const file of files.filter((name) => name.startsWith("gateways/"))) {
      const gateway = file.split("/")[1];
      for (const target of importsOf(file)) {
        const [room, other, ...rest] = target.split("/");
        if (room === "gateways" && rest.length > 0 && other !== gateway) wrong.push(`${file} imports ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("pure rooms touch no socket, clock, timer, file or randomness", () => {
    const wrong: string[] = [];
    for (const file of files.filter((name) => PURE.includes(roomOf(name)) && !EDGE_IN_PURE.test(name))) {
      const code = readFileSync(join(root, file), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      for (const [what, pattern] of FORBIDDEN_IN_PURE) if (pattern.test(code)) wrong.push(`${file} uses ${what}`);
    }
    expect(wrong).toEqual([]);
  });
});
