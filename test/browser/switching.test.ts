import { afterAll, beforeAll, describe, expect } from "bun:test";
import { ScriptedPublisher } from "../support/clients/scripted-publisher.ts";
import { type Naru, startNaru } from "../support/naru.ts";
import { isThere, testWith } from "../support/requires.ts";
import { CLIP, stampedClip } from "../switch/stamped-clip.ts";
import { downAndUp, type Switcher, type Trial, watchThrough } from "../switch/trial.ts";
import { ViewerRoom } from "../switch/viewer.ts";

const SECONDS = 11;
const LESSER = CLIP.height / 2;
/** Two target durations. */
const LONGEST_PAUSE = 4;
/** Of a picture. Chromium's own player moves what follows a switch by less than one. */
const DISPLACEMENT: Readonly<Partial<Record<Switcher, number>>> = { chromium: 1.5 };
const OTHERS_DISPLACEMENT = 0.5;

/**
 * `switches`: goes down and up in the time there is. Chromium's own player follows what it measures more slowly, and what is
 * judged is that nothing is lost. Of other players docs/abr.md tells.
 */
const PLAYERS: readonly (readonly [player: Switcher, switches: boolean])[] = [
  ["watch-page", true],
  ["chromium", false],
];

describe("the network becomes narrow, and wide again", () => {
  const trials = new Map<Switcher, Promise<Trial>>();
  const room = new ViewerRoom();
  let naru: Naru | undefined;
  let publisher: ScriptedPublisher | undefined;
  beforeAll(async () => {
    if (!isThere("chromium") || !isThere("nodeav") || !isThere("ffmpeg")) return;
    const tags = await stampedClip();
    const abr = { rungs: [{ height: LESSER, bitrate: "350k" }], always: true };
    naru = await startNaru({ config: { applications: { live: { abr } } } });
    publisher = await ScriptedPublisher.publish({ port: naru.ports.rtmp, path: "live/switch", tags });
    const stream = { playlist: await naru.live("live/switch"), page: `${naru.http}/live/switch` };
    for (const [player] of PLAYERS) {
      const trial = watchThrough(room, stream, player, downAndUp(SECONDS));
      // Its test tells.
      trial.catch(() => {});
      trials.set(player, trial);
    }
  }, 150_000);
  afterAll(async () => {
    await room[Symbol.asyncDispose]();
    await publisher?.[Symbol.asyncDispose]();
    await naru?.[Symbol.asyncDispose]();
  });

  for (const [player, switches] of PLAYERS) {
    testWith("chromium", "nodeav", "ffmpeg")(
      `${player}: no picture is skipped or repeated${switches ? ", and the quality follows" : ""}`,
      async () => {
        const trial = await trials.get(player);
        expect(trial?.backwards).toBe(0);
        expect((trial?.displacement ?? 1) * CLIP.frameRate).toBeLessThan(DISPLACEMENT[player] ?? OTHERS_DISPLACEMENT);
        expect(trial?.unreadable).toBeLessThan((trial?.pictures ?? 0) / 10);
        expect(trial?.longestPause).toBeLessThan(LONGEST_PAUSE);
        // It shows pictures in each phase.
        expect(trial?.heightAfter).not.toContain(undefined);
        if (switches) expect(trial?.heightAfter.slice(1)).toEqual([LESSER, CLIP.height]);
      },
      150_000,
    );
  }
});
