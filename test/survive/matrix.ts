import type { Naru } from "../support/naru.ts";
import { sleep, until } from "../support/process.ts";
import type { Watched, WatchedPlayer } from "../support/watched-player.ts";
import { FRAME_RATE } from "./clips.ts";
import type { PlayerName, PlayerRoom } from "./players.ts";
import type { Scenario } from "./scenarios.ts";
import { Stage } from "./stage.ts";
import { measurePlayback, type Playback } from "./stall.ts";

/** How one player came through one scenario. */
export type Cell = Playback & {
  readonly scenario: string;
  readonly player: PlayerName;
  /** Seconds behind the live edge before and after, by the program date-time, where the player tells. */
  readonly latency: { readonly before?: number; readonly after?: number };
  /** What is wrong; empty when it played through. */
  readonly faults: readonly string[];
  readonly complaints: readonly string[];
  /** Why it is not judged. */
  readonly cannot?: string;
};

export type ScenarioOptions = {
  readonly players: readonly PlayerName[];
  readonly format: "cmaf" | "mpegts";
  /** How long players are watched after the event. */
  readonly seconds: number;
};

/** Two target durations of a stream with a keyframe every two seconds. */
export const LONGEST_STALL = 4;
/** Of the pictures sent in the last seconds, how many a player must have shown to count as playing. */
const LEAST_END_RATE = 0.5;
const STARTS_WITHIN_MS = 30_000;
/** What players do while they start is not judged. */
const SETTLE_MS = 5_000;
/** Judged before the event. */
const LEAD_MS = 2_000;

/** Runs one scenario on a server with all players at once. */
export async function runScenario(
  scenario: Scenario,
  naru: Naru,
  room: PlayerRoom,
  options: ScenarioOptions,
): Promise<Cell[]> {
  await using stage = new Stage(naru, `${options.format}/${scenario.name}`);
  const acted = scenario.run(stage);
  // Awaited below; a scenario that fails before that must not end the process.
  acted.catch(() => {});
  const url = await Promise.race([naru.live(stage.path), acted.then(() => naru.live(stage.path))]);
  await using started = new AsyncDisposableStack();
  const players = await Promise.all(
    options.players.map(async (name) => ({ name, player: started.use(await room.play(name, url)) })),
  );
  const late = await Promise.all(players.map(({ player }) => hasStarted(player)));
  await sleep(SETTLE_MS);
  const since = Date.now() - LEAD_MS;
  const before = await Promise.all(players.map(({ player }) => player.watched()));
  stage.everyonePlays();
  await acted;
  await sleep(options.seconds * 1000);
  const after = await Promise.all(players.map(({ player }) => player.watched()));
  return players.map(({ name }, i) => {
    const watched = after[i] as Watched;
    const playback = measurePlayback(watched.looks, since, FRAME_RATE, stage.absence);
    return {
      scenario: scenario.name,
      player: name,
      ...playback,
      latency: { before: before[i]?.latency, after: watched.latency },
      faults: [...(late[i] ? ["did not start"] : faultsOf(playback)), ...watched.failures],
      complaints: watched.complaints,
      cannot: scenario.cannot?.[name],
    };
  });
}

/** @returns true when it did not start in time */
async function hasStarted(player: WatchedPlayer): Promise<boolean> {
  const shows = async () => ((await player.watched()).looks.at(-1)?.pictures ?? 0) > 0 || undefined;
  return until("pictures", STARTS_WITHIN_MS, shows).then(
    () => false,
    () => true,
  );
}

function faultsOf(playback: Playback): string[] {
  const faults: string[] = [];
  if (playback.longestStall > LONGEST_STALL) faults.push(`stall of ${playback.longestStall.toFixed(1)} s`);
  if (playback.endRate < LEAST_END_RATE) faults.push(`shows ${Math.round(playback.endRate * 100)} % at the end`);
  return faults;
}
