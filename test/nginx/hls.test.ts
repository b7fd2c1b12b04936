import { describe, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { TIMELINE_START } from "../../src/streams/timeline.ts";
import { clip } from "../support/clips.ts";
import { testWith } from "../support/requires.ts";
import { Both, comparable, filesIn, httpUrl, type Place, type Side } from "./both.ts";

const APPLICATIONS = {
  plain: "",
  nested: "hls_nested on;",
  base: "hls_base_url http://cdn.example/a/;",
  variants: "hls_nested on; hls_variant _low BANDWIDTH=1; hls_variant _hi BANDWIDTH=2,RESOLUTION=1x2;",
  // nginx-rtmp cleans up in a process that it does not have here.
  short: "hls_playlist_length 4s; hls_cleanup off;",
  stamped: "hls_fragment_naming timestamp;",
  rounded: "hls_fragment_naming timestamp; hls_fragment_naming_granularity 300000;",
  clock: "hls_fragment_naming system;",
  event: "hls_type event;",
  keys: "hls_keys on; hls_key_path KEYS; hls_key_url http://keys.example/; hls_fragments_per_key 2;",
} as const;

const DASH = {
  dash: "dash_nested off;",
  nest: "dash_nested on; dash_playlist_length 20s;",
} as const;
/** Of the fork by sergey-dryabzhinsky, which Debian does not have. */
const CLOCK = "dash_clock_compensation http_iso; dash_clock_helper_uri http://clock.example/now;";
/** By what the path begins with. */
const EXPIRES = { hour: "1h", never: "-1", max: "max", epoch: "epoch" } as const;

const conf = ({ server, rtmp, http, directory }: Place) => `
rtmp {
  hls_playlist_length 20s;
  server {
    listen 127.0.0.1:${rtmp};
    hls_fragment 2s;
${Object.entries(APPLICATIONS)
  .map(
    ([name, body]) =>
      `    application ${name} { live on; hls on; hls_path ${directory}/${name}; ${body.replace("KEYS", `${directory}/key-files`)} }`,
  )
  .join("\n")}
${Object.entries(DASH)
  .map(
    ([name, body]) =>
      `    application ${name} { live on; dash on; dash_path ${directory}/${name}; dash_fragment 2s; ${body} ${server === "naru" ? CLOCK : ""} }`,
  )
  .join("\n")}
    application off { live on; hls off; hls_path ${directory}/off; }
  }
}
http { server { listen 127.0.0.1:${http}; location / { root ${directory}; }
${Object.entries(EXPIRES)
  .map(([name, value]) => `location /${name}/ { alias ${directory}/; expires ${value}; }`)
  .join("\n")}
} }
`;

const PATHS = [
  ...Object.keys(APPLICATIONS).flatMap((name) => (name === "variants" ? [] : [`${name}/s`])),
  "variants/s_low",
  "variants/s_hi",
  ...Object.keys(DASH).map((name) => `${name}/s`),
  "off/s",
];

/**
 * What naru writes otherwise on purpose, with the reason; docs/nginx.md lists the same. All of it is taken out of both before they
 * are compared.
 */
const WANTED: readonly { readonly of: RegExp; readonly why: string }[] = [
  { of: /#EXT-X-PROGRAM-DATE-TIME:.*\n/g, why: "Safari keeps streams in step by it; nginx-rtmp lacks it" },
  { of: /(?<=DURATION:\d+\n(#EXT-X-PLAYLIST-TYPE:.*\n)?)#EXT-X-DISCONTINUITY\n/g, why: "nothing stands before it" },
  { of: /PROGRAM-ID=1,/g, why: "removed from the standard" },
  { of: /(?<=PLAYLIST-TYPE:) /g, why: "the standard has no space there" },
  { of: /(?<=EXTINF:\d+\.\d)\d\d/g, why: "naru rounds, nginx-rtmp cuts off" },
];

/** naru's streams begin at 10 s, so that pictures that are shown late have a time, too; encoders', and so nginx-rtmp's, at 0. */
function sameTimes(side: Side, text: string): string {
  const start = side.name === "naru" ? TIMELINE_START * 90_000 : 0;
  return text.replace(/(?<=s-)\d{6,7}(?=\.ts)/g, (id) => String(Number(id) - start)).replace(/\b\d{13}\b/g, "CLOCK");
}

function playlist(side: Side, file: string): string {
  const text = sameTimes(side, comparable(side, readFileSync(`${side.place.directory}/${file}`, "utf8")));
  return WANTED.reduce((rest, { of }) => rest.replace(of, ""), text);
}

/** Of a manifest what a player goes by. */
function manifest(side: Side, file: string) {
  const text = readFileSync(`${side.place.directory}/${file}`, "utf8");
  const one = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1];
  const sets = text.split("<AdaptationSet").slice(1);
  return {
    type: one("type"),
    update: one("minimumUpdatePeriod"),
    buffer: one("minBufferTime"),
    period: one("start"),
    sets: sets.map((set) => {
      const of = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(set)?.[1];
      const names = ["mimeType", "width", "height", "frameRate", "startWithSAP", "segmentAlignment"];
      const durations = [...set.matchAll(/<S [^>]*?d="(\d+)"(?: r="(\d+)")?/g)].flatMap(([, d, r]) =>
        Array.from({ length: Number(r ?? 0) + 1 }, () => Math.round((Number(d) / Number(of("timescale"))) * 10) / 10),
      );
      return {
        ...Object.fromEntries(names.map((name) => [name, of(name)])),
        codecs: of("codecs")?.toLowerCase(),
        media: of("media"),
        init: of("initialization"),
        // The last one is a rest with nginx-rtmp, and goes on with naru.
        durations: durations.slice(0, 4).map(Math.round),
      };
    }),
  };
}

/** Names without the times in them, which count in other scales, and without the file that nginx-rtmp collects media in. */
const dashFiles = (side: Side, directory: string) => [
  ...new Set(
    filesIn(side, directory)
      .map((name) => name.replace(/\d+(?=\.m4)/, "TIME"))
      .filter((name) => !name.includes("raw.m4")),
  ),
];

/** Without Expires, which naru leaves out: Cache-Control says the same. */
async function expiry(side: Side, prefix: string): Promise<string> {
  const { headers, status } = await fetch(httpUrl(side, `${prefix}/plain/s.m3u8`));
  return `${status} ${headers.get("cache-control")}`;
}

describe("HLS files of nginx-rtmp and naru", () => {
  testWith("ffmpeg", "nginx")(
    "have the same names, and playlists say the same, whatever hls_* says",
    async () => {
      await using both = await Both.start(conf);
      const publishing = both.publish(await clip("h264-aac"), PATHS, 9.5);
      await publishing.exited;
      // Before naru goes on with the last picture.
      const manifests = await both.each((side) => [manifest(side, "dash/s.mpd"), manifest(side, "nest/s/index.mpd")]);
      expect(manifests.naru).toEqual(manifests.nginx);
      await Bun.sleep(1000);
      const found = await both.each(async (side) => ({
        files: filesIn(side)
          .filter((name) => !/^(dash|nest)\//.test(name))
          .map((name) => sameTimes(side, name))
          .toSorted(),
        playlists: Object.fromEntries(
          filesIn(side).flatMap((name) => (name.endsWith(".m3u8") ? [[name, playlist(side, name)]] : [])),
        ),
        keys: filesIn(side, "key-files").map((name) => [
          name,
          readFileSync(`${side.place.directory}/key-files/${name}`).length,
        ]),
        dash: [dashFiles(side, "dash"), dashFiles(side, "nest")],
        expires: await Promise.all(Object.keys(EXPIRES).map((name) => expiry(side, name))),
      }));
      expect(found.naru).toEqual(found.nginx);
      expect(Object.keys(found.nginx.playlists)).toContain("nested/s/index.m3u8");
      expect(Object.keys(found.nginx.playlists)).toContain("variants/s.m3u8");
      expect(found.nginx.keys.length).toBeGreaterThan(1);
      expect(readFileSync(`${both.naru.place.directory}/dash/s.mpd`, "utf8")).toMatch(
        /<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-iso:2014" value="http:\/\/clock\.example\/now"/,
      );
    },
    60_000,
  );
});
