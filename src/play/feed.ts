import type { MediaEvent, Packet } from "../media/event.ts";
import { type Millis, rescale } from "../media/time.ts";
import type { Stream } from "../streams/stream.ts";
import type { PlayConfig } from "./config.ts";
import { type BatchReader, FanOut, type Scheduler } from "./fan-out.ts";
import type { WireForm } from "./wire-form.ts";

/** What a player brings along. */
export type Joining = {
  readonly reader: BatchReader;
  readonly form: WireForm;
  /** It is somebody who watches, and not a relay to those who do. */
  readonly isViewer: boolean;
  /** The FourCCs it announced; undefined when it announced none, and is sent whatever there is. */
  readonly fourCcs: readonly string[] | undefined;
  /** Marks of the servers for whom it plays. */
  readonly via?: readonly string[];
  /** The encoder has come (`live`), or gone; and at once when it is there already. */
  readonly onLive: (live: boolean) => void;
  /** The stream has ended; another one may come. */
  readonly onEnd?: () => void;
};

export type FeedOptions = {
  readonly config: PlayConfig;
  readonly scheduler: Scheduler;
  /** The last player has left. */
  readonly onEmpty: () => void;
};

/** Between the end of a stream and the beginning of the next, as players see it. */
const PAUSE: Millis = 100;

/** One path's players, whether or not there is a stream now. Costs the stream nothing while nobody plays. */
export class PlayFeed {
  readonly #options: FeedOptions;
  readonly #fanOuts = new Map<string, FanOut>();
  readonly #players = new Map<Joining, FanOut>();
  #stream: Stream | undefined;
  #detach: (() => void) | undefined;
  #live = false;
  /** From the stream's times to the players'. */
  #shift: Millis = 0;
  /** Players have seen another stream up to here: the times of this one begin anew. */
  #goesOnAt: Millis | undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  get config(): PlayConfig {
    return this.#options.config;
  }

  get viewers(): number {
    return [...this.#players.keys()].filter(({ isViewer }) => isViewer).length;
  }

  /** Plays this stream from now on. */
  attach(stream: Stream, now: Millis): void {
    if (stream === this.#stream) return;
    this.#detach?.();
    this.#stream = stream;
    const times = [...this.#fanOuts.values()].flatMap(({ lastTime }) => lastTime ?? []);
    this.#goesOnAt = times.length > 0 ? Math.max(...times) + PAUSE : undefined;
    this.#detach = stream.attach((event) => this.#write(event), now);
    this.#setLive(stream.state === "live");
  }

  add(player: Joining): void {
    const { form, fourCcs, reader } = player;
    const key = `${form.key} ${fourCcs?.join() ?? "*"}`;
    let fanOut = this.#fanOuts.get(key);
    if (!fanOut) {
      fanOut = new FanOut({
        form,
        accepts: (fourCc) => fourCcs === undefined || fourCcs.includes("*") || fourCcs.includes(fourCc),
        metadata: this.config.metadata,
        shift: () => this.#shift,
        described: () => this.#stream?.onAir?.metadata ?? {},
        source: () => ({
          tracks: this.#stream?.tracks ?? [],
          packets: (this.config.fromKeyframe && this.#stream?.cache.packets) || [],
        }),
        scheduler: this.#options.scheduler,
      });
      this.#fanOuts.set(key, fanOut);
    }
    this.#players.set(player, fanOut);
    if (this.#live) player.onLive(true);
    // It may have been told to go.
    if (this.#players.has(player)) fanOut.add(reader);
  }

  /** Harmless when called twice. */
  remove(player: Joining): void {
    const fanOut = this.#players.get(player);
    if (!fanOut) return;
    this.#players.delete(player);
    fanOut.remove(player.reader);
    if (fanOut.size === 0) for (const [key, other] of this.#fanOuts) if (other === fanOut) this.#fanOuts.delete(key);
    if (this.#players.size > 0) return;
    this.#detach?.();
    this.#detach = this.#stream = undefined;
    this.#options.onEmpty();
  }

  #write(event: MediaEvent): void {
    if (event.type === "packet") {
      if (this.#goesOnAt !== undefined) this.#goOn(event, this.#goesOnAt);
      this.#setLive(true);
    }
    for (const fanOut of this.#fanOuts.values()) fanOut.write(event);
    if (event.type === "end") this.#detach = this.#stream = undefined;
    if (event.type === "end" || (event.type === "gap" && event.reason === "publisher-lost")) this.#setLive(false);
    if (event.type === "end") for (const player of [...this.#players.keys()]) player.onEnd?.();
  }

  #goOn({ track: id, dts }: Packet, at: Millis): void {
    this.#goesOnAt = undefined;
    const track = this.#stream?.tracks.find((one) => one.id === id);
    if (track) this.#shift = at - rescale(dts, track.timescale, 1000);
  }

  #setLive(live: boolean): void {
    if (live === this.#live) return;
    this.#live = live;
    for (const player of [...this.#players.keys()]) player.onLive(live);
  }
}
