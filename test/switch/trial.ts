import type { PagePlayer } from "../support/player-page.ts";
import { sleep } from "../support/process.ts";
import { measureSwitching, type ShownPicture, type Switching } from "./measure.ts";
import { CLIP } from "./stamped-clip.ts";
import type { Network, Viewer, ViewerRoom } from "./viewer.ts";

/** Who watches: hls.js, Shaka Player with or without low latency, Chromium's own HLS, the watch page. */
export const SWITCHERS = ["watch-page", "hls.js", "hls.js-far", "shaka", "shaka-far", "chromium"] as const;
export type Switcher = (typeof SWITCHERS)[number];

type Settings = { readonly player: PagePlayer; readonly settings?: object };

/** Those without low latency stay some seconds further behind, as their defaults for other streams have it. */
const PLAYERS: Readonly<Record<Exclude<Switcher, "watch-page">, Settings>> = {
  "hls.js": { player: "hls" },
  "hls.js-far": { player: "hls", settings: { lowLatencyMode: false } },
  shaka: { player: "shaka" },
  "shaka-far": { player: "shaka", settings: { streaming: { lowLatencyMode: false } } },
  chromium: { player: "native" },
};

/** A network that changes: what it lets through, for how long. */
export type Phase = Network & { readonly seconds: number };

/** Several times what the source needs, half of it for `seconds`, and as before for as long. */
export function downAndUp(seconds: number): Phase[] {
  const wide = { rate: 3 * CLIP.bitrate, roundTripMs: 20, seconds };
  return [{ ...wide, seconds: seconds / 2 }, { ...wide, rate: 0.55 * CLIP.bitrate }, wide];
}

export type Trial = Switching & {
  readonly switcher: Switcher;
  /** Times that there was nothing more to show. */
  readonly starved: number;
  /** Height of the last picture of each phase. */
  readonly heightAfter: readonly (number | undefined)[];
  /** Seconds behind live at the end of each phase, where the player tells. */
  readonly latencyAfter: readonly (number | undefined)[];
  readonly complaints: readonly string[];
};

type Stream = { readonly playlist: string; readonly page: string };

/** Not judged: players look for their place. */
const SETTLE_SECONDS = 6;
const STARTS_WITHIN_MS = 60_000;

/** Watches a stream of the stamped clip through a network that changes. @throws when no picture is shown */
export async function watchThrough(
  room: ViewerRoom,
  stream: Stream,
  switcher: Switcher,
  phases: readonly Phase[],
): Promise<Trial> {
  const [first] = phases;
  if (!first) throw new RangeError("no phases");
  await using viewer = await openViewer(room, stream, switcher, first);
  await untilItPlays(viewer, switcher);
  await sleep(SETTLE_SECONDS * 1000);
  await viewer.take();
  const pictures: ShownPicture[] = [];
  const heightAfter: (number | undefined)[] = [];
  const latencyAfter: (number | undefined)[] = [];
  let starved = 0;
  for (const phase of phases) {
    await viewer.setNetwork(phase);
    await sleep(phase.seconds * 1000);
    const seen = await viewer.take();
    pictures.push(...seen.pictures);
    starved += seen.starved;
    heightAfter.push(seen.pictures.at(-1)?.height);
    latencyAfter.push(seen.latency);
  }
  const complaints = [...viewer.complaints];
  return { switcher, ...measureSwitching(pictures, CLIP), starved, heightAfter, latencyAfter, complaints };
}

function openViewer(
  room: ViewerRoom,
  { playlist, page }: Stream,
  switcher: Switcher,
  network: Network,
): Promise<Viewer> {
  if (switcher === "watch-page") return room.open(page, network);
  const { player, settings } = PLAYERS[switcher];
  return room.play(playlist, player, network, settings);
}

async function untilItPlays(viewer: Viewer, switcher: Switcher): Promise<void> {
  for (const deadline = performance.now() + STARTS_WITHIN_MS; performance.now() < deadline; await sleep(500)) {
    if ((await viewer.take()).pictures.length > 0) return;
  }
  throw new Error(`${switcher} shows nothing: ${viewer.complaints.join("; ")}`);
}
