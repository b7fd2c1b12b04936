import { expect, test } from "bun:test";
import { parseMediaPlaylist } from "../formats/m3u8/parse-media-playlist.ts";
import { cmafNames } from "./names.ts";
import { type OtherRendition, RenditionPlaylists } from "./rendition-playlists.ts";
import { PlaylistTargets } from "./targets.ts";
import { RenditionWindow } from "./window.ts";

const PROFILE = { names: cmafNames("main"), lowLatency: true, version: 6 };

function rendition() {
  const targets = new PlaylistTargets({ partMs: 500, segmentMs: 2000, maxSegmentMs: 10_000 });
  const window = new RenditionWindow({ targets, windowMs: 30_000, discontinuitySequence: 0 });
  const others: OtherRendition[] = [];
  const playlists = new RenditionPlaylists(window, PROFILE, () => others);
  const reports = () =>
    parseMediaPlaylist(new TextDecoder().decode(playlists.media(undefined).bytes)).renditionReports ?? [];
  const part = (msn: number, index: number) => {
    if (index === 0) window.write({ type: "open", msn, wallclock: 0, discontinuity: false, init: undefined });
    const bytes = new Uint8Array(8);
    window.write({
      type: "part",
      msn,
      part: index,
      bytes,
      duration: 0.5,
      independent: true,
      lastExpected: index === 3,
    });
    if (index === 3) window.write({ type: "segment", msn, bytes: [bytes], duration: 2, independent: true });
  };
  return { window, playlists, others, reports, part };
}

test("a rendition alone reports of none", () => {
  const only = rendition();
  for (let index = 0; index < 4; index++) only.part(7, index);
  expect(only.reports()).toEqual([]);
});

test("renditions report how far the others have come, whenever those go on", () => {
  const [video, audio] = [rendition(), rendition()];
  video.others.push({ uri: "audio.m3u8", window: audio.window });
  audio.others.push({ uri: "main.m3u8", window: video.window });
  video.part(7, 0);
  expect(video.reports()).toEqual([]);
  for (const [index, expected] of [0, 1, 2, 3].entries()) {
    audio.part(7, index);
    expect(video.reports()).toEqual([{ uri: "audio.m3u8", lastMsn: 7, lastPart: expected }]);
  }
  audio.part(8, 0);
  expect(video.reports()).toEqual([{ uri: "audio.m3u8", lastMsn: 8, lastPart: 0 }]);
  expect(audio.reports()).toEqual([{ uri: "main.m3u8", lastMsn: 7, lastPart: 0 }]);
  video.window.write({ type: "end" });
  expect(video.reports()).toEqual([]);
});
