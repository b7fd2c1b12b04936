import type { Config } from "../config/schema.ts";
import type { Log } from "../log.ts";
import type { Millis } from "../media/time.ts";
import type { Stream } from "../streams/stream.ts";
import type { AbrConfig } from "../transcode/config.ts";
import { chooseEncoders, type FoundEncoders } from "../transcode/encoders.ts";
import type { Encoders } from "../transcode/ladder.ts";
import { Overload } from "../transcode/overload.ts";
import { spawnTranscoder } from "../transcode/process.ts";
import { type LadderOutput, StreamLadder } from "../transcode/stream-ladder.ts";
import { findEncoders } from "./encoder-probe.ts";
import { ownCommand } from "./own-command.ts";

export type AbrOptions = { readonly log: Log; readonly now: () => Millis };

/** Whether some application wants further qualities of its streams. */
export const wantsTranscoding = (applications: Config["applications"]): boolean =>
  Object.values(applications).some(({ live, hls, abr }) => live && hls.enabled && abr.enabled);

/** Gives streams further qualities, where their application wants them. */
export class AbrModule {
  readonly #ladders = new Map<string, StreamLadder>();
  readonly #overload = new Overload();
  #found: FoundEncoders | undefined;
  #isLooking = false;
  /** What was said of each kind of hardware. */
  readonly #said = new Set<string>();

  constructor(private readonly options: AbrOptions) {}

  /** Looks for what the machine can encode with, once, and only if some application wants to. */
  start(applications: Config["applications"]): void {
    if (this.#isLooking || !wantsTranscoding(applications)) return;
    this.#isLooking = true;
    void findEncoders().then((found) => {
      this.#found = found;
      if (!found.ok) this.options.log.warn(`adaptive bitrate is configured, and cannot be: ${found.reason}`);
    });
  }

  attach(stream: Stream, output: LadderOutput, config: AbrConfig, now: Millis): void {
    const { log } = this.options;
    const { path } = stream;
    const ladder = new StreamLadder({
      path,
      config,
      output,
      overload: this.#overload,
      log,
      encoders: () => this.#encodersFor(config),
      spawn: (transcoder) =>
        spawnTranscoder({
          command: ownCommand("transcode-worker"),
          nice: config.nice,
          path,
          log,
          now: this.options.now,
          onMessage: (process, message, at) => transcoder.receive(process, message, at),
          onExit: (process, reason, at) => transcoder.exited(process, reason, at),
        }),
    });
    this.#ladders.get(path)?.close();
    this.#ladders.set(path, ladder);
    stream.attach(ladder.write, now);
  }

  wanted(path: string, rung: string, now: Millis): void {
    this.#ladders.get(path)?.wanted(rung, now);
  }

  detach(path: string): void {
    this.#ladders.get(path)?.close();
    this.#ladders.delete(path);
  }

  tick(now: Millis): void {
    for (const ladder of this.#ladders.values()) ladder.tick(now);
    this.#overload.tick(now);
  }

  close(): void {
    for (const path of [...this.#ladders.keys()]) this.detach(path);
  }

  #encodersFor({ hardware }: AbrConfig): Encoders | "none" | undefined {
    const found = this.#found;
    if (!found) return undefined;
    if (!found.ok) return "none";
    const { encoders, fallback } = chooseEncoders(found, hardware);
    if (!this.#said.has(hardware)) {
      this.#said.add(hardware);
      const names = Object.values(encoders).join(", ");
      // Wished for by name, or only where there is any.
      const level = hardware === "auto" ? "info" : "warn";
      if (fallback) this.options.log[level](`${fallback}; software encodes`, { encoders: names });
      else this.options.log.debug("encoders", { encoders: names });
    }
    return encoders;
  }
}
