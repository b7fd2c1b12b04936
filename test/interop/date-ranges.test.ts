import { expect } from "bun:test";
import { Chromium } from "../support/clients/chromium.ts";
import { readFlv, ScriptedPublisher } from "../support/clients/scripted-publisher.ts";
import { clip } from "../support/clips.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { startNaru } from "../support/naru.ts";
import { PlayerPage } from "../support/player-page.ts";
import { mediaPlaylistUrl, readPlaylist } from "../support/playlist.ts";
import { run, sleep, until } from "../support/process.ts";
import { testWith } from "../support/requires.ts";

/** A splice_insert that leaves for 60.3 s (SCTE 35 14.2). */
const OUT = "/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=";

/** What hls.js knows of date ranges, by id. */
const KNOWN = `(() => {
  const ranges = hls.levels[0]?.details?.dateRanges ?? {};
  return Object.values(ranges).map(({ id, class: name, startDate, attr }) =>
    ({ id, name, start: startDate.getTime(), attributes: { ...attr } }));
})()`;

type Known = { id: string; name: string; start: number; attributes: Record<string, string> };

testWith("ffmpeg", "chromium")(
  "cue points and SCTE 35 of an encoder become date ranges that hls.js understands",
  async () => {
    using directory = new TemporaryDirectory();
    const file = directory.join("clip.flv");
    await run("ffmpeg", ["-v", "error", "-i", await clip("h264-aac"), "-t", "30", "-c", "copy", file], {
      timeoutMs: 30_000,
    });
    await using naru = await startNaru();
    await using encoder = await ScriptedPublisher.publish({
      port: naru.ports.rtmp,
      path: "live/test",
      tags: readFlv(file),
    });
    const url = await naru.live("live/test");
    using pages = new PlayerPage();
    await using browser = await Chromium.launch();
    const { page, requests } = await browser.open(pages.url(url, "hls"));

    const said = Date.now();
    encoder.say("onCuePoint", { name: "goal", time: 1.5, type: "event", parameters: { team: "reds" } });
    encoder.say("onFI", { st: "12:00:00" });
    await sleep(1000);
    encoder.say("onSCTE35", { cue: OUT });

    const known = await until("both date ranges in hls.js", 10_000, async () => {
      const ranges = (await page.evaluate(KNOWN)) as Known[];
      return ranges.length === 2 ? ranges : undefined;
    });
    const [cue, splice] = known.sort((a, b) => a.start - b.start) as [Known, Known];
    expect(cue.name).toBe("onCuePoint");
    expect(cue.attributes["X-NAME"]).toBe("goal");
    expect(cue.attributes["X-PARAMETERS-TEAM"]).toBe("reds");
    // The wall clock of its media: what an encoder has sent in the same moment.
    expect(Math.abs(cue.start - said)).toBeLessThan(500);
    expect(splice.attributes["SCTE35-OUT"]?.toLowerCase()).toBe(`0x${Buffer.from(OUT, "base64").toString("hex")}`);
    expect(Number(splice.attributes["PLANNED-DURATION"])).toBeCloseTo(60.29, 1);
    expect(requests.some((request) => request.includes("_HLS_skip=v2"))).toBe(true);
    const { text } = await readPlaylist(await mediaPlaylistUrl(url));
    expect(text.match(/^#EXT-X-DATERANGE/gm)?.length).toBe(2);
  },
  60_000,
);
