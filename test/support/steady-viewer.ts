import { sleep } from "./process.ts";

export type SteadyReport = {
  /** Parts received. */
  readonly parts: number;
  /** How much later than the promptest part each came, milliseconds, sorted: the encoder's pace taken away. */
  readonly lateness: readonly number[];
  /** Time of a request for a playlist that is there, milliseconds, sorted. */
  readonly reloads: readonly number[];
  /** Answers that should not have been. */
  readonly failures: readonly string[];
};

/** A viewer who asks for each part as it is hinted, and for a playlist in between; the one that others must not disturb. */
export class SteadyViewer {
  readonly #stop = new AbortController();
  readonly #arrivals: { readonly at: number; readonly media: number }[] = [];
  readonly #reloads: number[] = [];
  readonly #failures: string[] = [];
  readonly #watching: Promise<void>;

  /** @param url of the media playlist */
  constructor(private readonly url: string) {
    this.#watching = this.#watch();
  }

  async finish(): Promise<SteadyReport> {
    this.#stop.abort();
    await this.#watching;
    const delays = this.#arrivals.map(({ at, media }) => at - media);
    const promptest = Math.min(...delays);
    return {
      parts: this.#arrivals.length,
      lateness: delays.map((delay) => delay - promptest).sort((a, b) => a - b),
      reloads: this.#reloads.sort((a, b) => a - b),
      failures: this.#failures,
    };
  }

  async #watch(): Promise<void> {
    let hint = await this.#hint("");
    let media = 0;
    while (!this.#stop.signal.aborted) {
      try {
        const { msn, part } = hint;
        const response = await fetch(new URL(`main/${msn}.${part}.m4s`, this.url));
        if (!response.ok) throw new Error(`part ${msn}.${part}: ${response.status} ${await response.text()}`);
        await response.arrayBuffer();
        const at = performance.now();
        hint = await this.#hint(`?_HLS_msn=${msn}&_HLS_part=${part}`);
        this.#reloads.push(performance.now() - at);
        const name = `URI="main/${msn}.${part}.m4s"`;
        const line = hint.text.split("\n").find((text) => text.startsWith("#EXT-X-PART:") && text.includes(name));
        if (!line) throw new Error(`part ${msn}.${part} came and is not listed`);
        media += Number(/DURATION=([\d.]+)/.exec(line)?.[1]) * 1000;
        this.#arrivals.push({ at, media });
      } catch (error) {
        this.#failures.push(String(error));
        if (this.#failures.length > MAX_FAILURES) return;
        await sleep(100);
        hint = await this.#hint("").catch(() => hint);
      }
    }
  }

  /** The part that is announced (EXT-X-PRELOAD-HINT), and the playlist that does. */
  async #hint(query: string): Promise<{ readonly msn: number; readonly part: number; readonly text: string }> {
    const response = await fetch(this.url + query);
    const text = await response.text();
    const hint = /^#EXT-X-PRELOAD-HINT:.*URI="main\/(\d+)\.(\d+)\.m4s"/m.exec(text);
    if (!hint) throw new Error(`${response.status}: no hint in ${text.slice(0, 200)}`);
    return { msn: Number(hint[1]), part: Number(hint[2]), text };
  }
}

const MAX_FAILURES = 20;

/** The value that a share of sorted values is not above. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
