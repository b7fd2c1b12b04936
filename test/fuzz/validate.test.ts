import { expect, test } from "bun:test";
import { checkPlaylist } from "../../src/validate/check-playlist.ts";
import { PlaylistHistory } from "../../src/validate/history/playlist-history.ts";
import type { FoundMediaPlaylist } from "../../src/validate/playlist/media-playlist.ts";
import { mergeDelta } from "../../src/validate/playlist/merge-delta.ts";
import { RULES } from "../../src/validate/rules/all.ts";
import { mutate, random } from "../support/mutations.ts";

const MEDIA = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-DEFINE:NAME="a",VALUE="b"
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12,HOLD-BACK=6,PART-HOLD-BACK=1.2
#EXT-X-PART-INF:PART-TARGET=0.4
#EXT-X-MEDIA-SEQUENCE:17
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-KEY:METHOD=AES-128,URI="{$a}/key",IV=0x00
#EXT-X-MAP:URI="main/init-18.mp4",BYTERANGE="100@0"
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:07.680Z
#EXT-X-DATERANGE:ID="1",START-DATE="2026-01-02T03:04:07.680Z",DURATION=1
#EXT-X-BYTERANGE:100@20
#EXTINF:0.5,
main/17.m4s
#EXT-X-DISCONTINUITY
#EXT-X-PART:DURATION=0.4,URI="main/18.0.m4s",INDEPENDENT=YES,BYTERANGE="10@20"
#EXTINF:0.5,
main/18.m4s
#EXT-X-PART:DURATION=0.4,URI="main/19.0.m4s",GAP=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="main/19.1.m4s"
#EXT-X-RENDITION-REPORT:URI="../a.m3u8",LAST-MSN=19,LAST-PART=0
`;
const SAMPLES = [
  MEDIA,
  MEDIA.replace("#EXT-X-KEY", "#EXT-X-SKIP:SKIPPED-SEGMENTS=2\n#EXT-X-KEY"),
  `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",CHANNELS="2",URI="en.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=3000000,AVERAGE-BANDWIDTH=2600000,CODECS="avc1.64001F,mp4a.40.2",RESOLUTION=1280x720,AUDIO="a"
main.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="i.m3u8"
#EXT-X-SESSION-KEY:METHOD=AES-128,URI="k"
`,
];

test("playlists, in any order: findings of known rules, and no error", () => {
  const next = random(3);
  const encoder = new TextEncoder();
  const known = new Set(RULES.map(({ id }) => id));
  const found = new Set<string>();
  const report = ({ rule }: { readonly rule: string }) => void found.add(rule);
  let history = new PlaylistHistory("http://example.com/live/main.m3u8", report);
  let before: FoundMediaPlaylist | undefined;
  for (let i = 0; i < 6000; i++) {
    if (i % 50 === 0) history = new PlaylistHistory("http://example.com/live/main.m3u8", report);
    const bytes = mutate(encoder.encode(SAMPLES[i % SAMPLES.length]), next);
    const checked = checkPlaylist(bytes, { url: "http://example.com/live/main.m3u8?t=1" }, report);
    if (checked.kind !== "media") continue;
    const playlist = before ? (mergeDelta(before, checked.playlist) ?? checked.playlist) : checked.playlist;
    history.observe({ playlist, channel: `${i % 2}`, sentAt: i, arrivedAt: i + 1, held: i % 3 === 0, age: 0 });
    history.takeRemoved();
    before = playlist;
  }
  for (const rule of found) expect(known.has(rule)).toBe(true);
  expect(found.size).toBeGreaterThan(60);
});
