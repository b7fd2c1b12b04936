import { startValidation, type Validation } from "../support/clients/naru-validate.ts";
import { type Naru, startNaru } from "../support/naru.ts";
import { sleep, until } from "../support/process.ts";
import { WaitingRelay } from "../support/waiting-relay.ts";
import type { Watched, WatchedPlayer } from "../support/watched-player.ts";
import { FRAME_RATE } from "./clips.ts";
import { type PlayerName, PlayerRoom } from "./players.ts";
import type { Format, Scenario } from "./scenarios.ts";
import { Stage } from "./stage.ts";
import { measurePlayback, type Playback } from "./stall.ts";

/** How one player came through one scenario. */
export type Cell = Playback & {
  readonly player: PlayerName;
  /** Seconds behind the live edge before and after, by the program date-time, where the player tells. */
  readonly latency: { readonly before?: number; readonly after?: number };
  /** What is wrong; empty when it played through. */
  readonly faults: readonly string[];
  readonly complaints: readonly string[];
  /** Why it is not judged. */
  readonly cannot?: string;
};

/** One scenario played. */
export type Row = {
  readonly scenario: string;
  readonly format: Format;
  readonly cells: readonly Cell[];
  /** What `naru validate` found, which followed the stream all the time, without what nobody could avoid. */
  readonly findings: readonly Validation[];
};

export type MatrixOptions = {
  readonly players: readonly PlayerName[];
  /** How long players are watched after the event. */
  readonly seconds: number;
  /** How old a stream is when the players come, in seconds. */
  readonly ageSeconds: number;
  /** Whether `naru validate` looks at what comes late, which the machine's other work may cause too. */
  readonly timing: boolean;
  /** Scenarios that run side by side. */
  readonly atOnce: number;
};

/** Two target durations of a stream with a keyframe every two seconds. */
const LONGEST_STALL = 4;
/**
 * Of the pictures that the encoder makes, how many a player must have shown in the last seconds to count as playing. A server
 * that stands in for the encoder shows two or three a second, and a player may be that far behind.
 */
const LEAST_END_RATE = 0.1;
const STARTS_WITHIN_MS = 30_000;
/** What players do while they start is not judged. */
const SETTLE_MS = 5_000;
/** Judged before the event. */
const LEAD_MS = 2_000;

/** Runs scenarios, each with all players at once: those that leave the server alone on one server. */
export class Matrix implements AsyncDisposable {
  readonly #options: MatrixOptions;
  readonly #room = new PlayerRoom();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #played = 0;
  #server: Promise<Naru> | undefined;

  constructor(options: MatrixOptions) {
    this.#options = options;
  }

  /** Runs as soon as there is room. */
  async play(scenario: Scenario, format: Format): Promise<Row> {
    if (this.#running >= this.#options.atOnce) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#running++;
    try {
      if (!scenario.ownServer) return await this.#run(scenario, format, await (this.#server ??= startServer()));
      await using naru = await startServer();
      return await this.#run(scenario, format, naru);
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }

  async #run(scenario: Scenario, format: Format, naru: Naru): Promise<Row> {
    const { players: names, seconds, ageSeconds, timing } = this.#options;
    await using stage = new Stage(naru, `${format}/${scenario.name}-${this.#played++}`);
    const acted = scenario.run(stage);
    // Awaited below; a scenario that fails before that must not end the process.
    acted.catch(() => {});
    const origin = await Promise.race([naru.live(stage.path), acted.then(() => naru.live(stage.path))]);
    using relay = scenario.relayed ? new WaitingRelay(naru.ports.http) : undefined;
    const url = relay?.through(origin) ?? origin;
    await sleep((scenario.ageSeconds ?? ageSeconds) * 1000);
    await using validation = startValidation(url, timing);
    await using started = new AsyncDisposableStack();
    const players = await Promise.all(
      names.map(async (name) => ({ name, player: started.use(await this.#room.play(name, url)) })),
    );
    const late = await Promise.all(players.map(({ player }) => isLate(player)));
    await sleep(SETTLE_MS);
    const since = Date.now() - LEAD_MS;
    const before = await Promise.all(players.map(({ player }) => player.watched()));
    stage.everyonePlays();
    await acted;
    await sleep(seconds * 1000);
    const span = { since, until: Date.now() };
    const after = await Promise.all(players.map(({ player }) => player.watched()));
    const cells = players.map(({ name }, i) => {
      const watched = after[i] as Watched;
      const playback = measurePlayback(watched.looks, span, FRAME_RATE, stage.absence);
      return {
        player: name,
        ...playback,
        latency: { before: before[i]?.latency, after: watched.latency },
        faults: [...(late[i] ? ["did not start"] : faultsOf(playback)), ...watched.failures],
        complaints: watched.complaints,
        cannot: scenario.cannot?.[name],
      };
    });
    const found = await validation.end();
    const findings = found.filter(({ rule }) => scenario.unavoidable?.[rule] === undefined);
    return { scenario: scenario.name, format, cells, findings };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#room[Symbol.asyncDispose]();
    await (await this.#server)?.[Symbol.asyncDispose]();
  }
}

function startServer(): Promise<Naru> {
  return startNaru({ config: { applications: { cmaf: {}, mpegts: { hls: { format: "mpegts" } } } } });
}

/** Whether no picture came in time. */
async function isLate(player: WatchedPlayer): Promise<boolean> {
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
