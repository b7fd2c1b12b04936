import { expect, test } from "bun:test";
import { MalformedError } from "../../src/bytes/errors.ts";
import { parseMultivariantPlaylist } from "../../src/formats/m3u8/multivariant-playlist.ts";
import { parseMediaPlaylist } from "../../src/formats/m3u8/parse-media-playlist.ts";
import { mutate, random } from "../support/mutations.ts";

const SAMPLES = [
  `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12,HOLD-BACK=6,PART-HOLD-BACK=1.2
#EXT-X-PART-INF:PART-TARGET=0.4
#EXT-X-MEDIA-SEQUENCE:17
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-SKIP:SKIPPED-SEGMENTS=4
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="main/init-18.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:07.680Z
#EXT-X-PART:DURATION=0.4,URI="main/18.0.m4s",INDEPENDENT=YES
#EXTINF:0.5,
main/18.m4s
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="main/19.1.m4s"
#EXT-X-ENDLIST
`,
  `#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=3000000,AVERAGE-BANDWIDTH=2600000,CODECS="avc1.64001F,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970
main.m3u8
`,
];

test.each([
  ["media", parseMediaPlaylist],
  ["multivariant", parseMultivariantPlaylist],
])("%s playlists: nothing but MalformedError comes out", (_name, parse) => {
  const next = random(1);
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  let malformed = 0;
  for (let i = 0; i < 6000; i++) {
    const sample = encoder.encode(SAMPLES[i % SAMPLES.length]);
    try {
      parse(decoder.decode(mutate(sample, next)));
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedError);
      malformed++;
    }
  }
  expect(malformed).toBeGreaterThan(1000);
  expect(malformed).toBeLessThan(6000);
});
