import { describe, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { TIMELINE_START } from "../../src/streams/timeline.ts";
import { clip } from "../support/clips.ts";
import { testWith } from "../support/requires.ts";
import { Both, comparable, filesIn, type Place, type Side } from "./both.ts";

const APPLICATIONS = {
  plain: "",
  nested: "hls_nested on;",
  base: "hls_base_url http://cdn.example/a/;",
  variants: "hls_nested on; hls_variant _low BANDWIDTH=1; hls_variant _hi BANDWIDTH=2,RESOLUTION=1x2;",
  short: "hls_playlist_length 4s;",
  stamped: "hls_fragment_naming timestamp;",
  rounded: "hls_fragment_naming timestamp; hls_fragment_naming_granularity 300000;",
  clock: "hls_fragment_naming system;",
  event: "hls_type event;",
} as const;

const conf = ({ rtmp, http, directory }: Place) => `
rtmp {
  hls_playlist_length 20s;
  server {
    listen 127.0.0.1:${rtmp};
    hls_fragment 2s;
${Object.entries(APPLICATIONS)
  .map(([name, body]) => `    application ${name} { live on; hls on; hls_path ${directory}/${name}; ${body} }`)
  .join("\n")}
    application off { live on; hls off; hls_path ${directory}/off; }
  }
}
http { server { listen 127.0.0.1:${http}; location / { root ${directory}; } } }
`;

const PATHS = [
  ...Object.keys(APPLICATIONS).flatMap((name) => (name === "variants" ? [] : [`${name}/s`])),
  "variants/s_low",
  "variants/s_hi",
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

describe("HLS files of nginx-rtmp and naru", () => {
  testWith("ffmpeg", "nginx")(
    "have the same names, and playlists say the same, whatever hls_* says",
    async () => {
      await using both = await Both.start(conf);
      const publishing = both.publish(await clip("h264-aac"), PATHS, 9.5);
      await publishing.exited;
      await Bun.sleep(1000);
      const found = await both.each((side) => ({
        files: filesIn(side)
          .map((name) => sameTimes(side, name))
          .toSorted(),
        playlists: Object.fromEntries(
          filesIn(side).flatMap((name) => (name.endsWith(".m3u8") ? [[name, playlist(side, name)]] : [])),
        ),
      }));
      expect(found.naru).toEqual(found.nginx);
      expect(Object.keys(found.nginx.playlists)).toContain("nested/s/index.m3u8");
      expect(Object.keys(found.nginx.playlists)).toContain("variants/s.m3u8");
    },
    60_000,
  );
});
