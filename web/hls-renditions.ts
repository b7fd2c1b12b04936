import { type ErrorData, Events, type default as Hls, type Level } from "hls.js";
import type { Renditions } from "./player.ts";
import {
  type AudioTrack,
  audioFor,
  bestFirst,
  type Preference,
  type Quality,
  type QualitySwitch,
  qualityFor,
  type SwitchReason,
} from "./quality.ts";

/** A quality that could not be loaded, and one that dropped pictures, explain a switch that follows within this. */
const CAUSE_MS = 5_000;
/** After dropped pictures the player stays below that quality for this long: the device may have been busy otherwise. */
const CAP_MS = 60_000;

type Cause = { readonly reason: SwitchReason; readonly at: number };

/** The levels and audio tracks of hls.js. */
export class HlsRenditions implements Renditions {
  readonly #hls: Hls;
  readonly #changed: () => void;
  #shown: number | undefined;
  #lastSwitch: QualitySwitch | undefined;
  #cause: Cause | undefined;
  /** Of the level that is loaded now, and will be shown. */
  #reason: SwitchReason | undefined;
  #uncap: ReturnType<typeof setTimeout> | undefined;

  constructor(hls: Hls, preference: Preference, changed: () => void) {
    this.#hls = hls;
    this.#changed = changed;
    hls.on(Events.MANIFEST_PARSED, () => this.#prefer(preference));
    hls.on(Events.LEVELS_UPDATED, changed);
    hls.on(Events.AUDIO_TRACKS_UPDATED, () => this.#preferAudio(preference));
    hls.on(Events.AUDIO_TRACK_SWITCHED, changed);
    hls.on(Events.LEVEL_SWITCHING, () => {
      this.#reason = this.#whyNow();
    });
    hls.on(Events.FRAG_LOAD_EMERGENCY_ABORTED, () => {
      // Told right after the switch that it is the reason of.
      if (hls.autoLevelEnabled) this.#reason = { why: "buffer", seconds: hls.mainForwardBufferInfo?.len ?? 0 };
    });
    hls.on(Events.FPS_DROP_LEVEL_CAPPING, () => {
      this.#cause = { reason: { why: "dropped" }, at: performance.now() };
      clearTimeout(this.#uncap);
      this.#uncap = setTimeout(() => (hls.autoLevelCapping = -1), CAP_MS);
    });
    hls.on(Events.ERROR, (_event, data) => {
      if (isOfLevel(data)) this.#cause = { reason: { why: "failed" }, at: performance.now() };
    });
    hls.on(Events.LEVEL_SWITCHED, (_event, { level }) => this.#onShown(level));
    hls.on(Events.DESTROYING, () => clearTimeout(this.#uncap));
  }

  get qualities(): readonly Quality[] {
    return bestFirst(this.#hls.levels.map(toQuality));
  }

  get chosen(): string | undefined {
    const level = this.#hls.autoLevelEnabled ? undefined : this.#hls.levels[this.#hls.manualLevel];
    return level && nameOf(level);
  }

  get shown(): Quality | undefined {
    const level = this.#shown === undefined ? undefined : this.#hls.levels[this.#shown];
    return level && toQuality(level);
  }

  get lastSwitch(): QualitySwitch | undefined {
    return this.#lastSwitch;
  }

  get bandwidth(): number | undefined {
    return this.#hls.bandwidthEstimate || undefined;
  }

  get audioTracks(): readonly AudioTrack[] {
    return this.#hls.audioTracks.map(({ name, lang = "" }) => ({ name, language: lang }));
  }

  get heard(): string | undefined {
    return this.#hls.audioTracks[this.#hls.audioTrack]?.name;
  }

  choose(name: string | undefined): void {
    // What is buffered still plays, so that nothing stalls.
    this.#hls.loadLevel = name === undefined ? -1 : this.#hls.levels.findIndex((level) => nameOf(level) === name);
    this.#changed();
  }

  chooseAudio(name: string): void {
    const index = this.#hls.audioTracks.findIndex((track) => track.name === name);
    if (index >= 0) this.#hls.audioTrack = index;
  }

  #prefer({ size }: Preference): void {
    const wanted = size === undefined ? undefined : qualityFor(size, this.qualities);
    // The one listed first is the source, which is there without waiting.
    if (!wanted || this.#hls.levels.length < 2) this.#hls.startLevel = this.#hls.firstLevel;
    else this.choose(wanted.name);
    this.#changed();
  }

  #preferAudio({ audio }: Preference): void {
    const wanted = audio && audioFor(audio, this.audioTracks);
    if (wanted) this.chooseAudio(wanted.name);
    this.#changed();
  }

  #whyNow(): SwitchReason {
    if (!this.#hls.autoLevelEnabled) return { why: "chosen" };
    const cause = this.#cause;
    if (cause && performance.now() - cause.at < CAUSE_MS) return cause.reason;
    return { why: "bandwidth", bandwidth: this.#hls.bandwidthEstimate };
  }

  #onShown(level: number): void {
    const from = this.shown;
    this.#shown = level;
    const to = this.shown;
    if (from && to && this.#reason) this.#lastSwitch = { from, to, reason: this.#reason };
    this.#changed();
  }
}

function toQuality(level: Level): Quality {
  const { width, height, frameRate, averageBitrate } = level;
  return { name: nameOf(level), width, height, frameRate: frameRate || undefined, bitrate: averageBitrate };
}

/** The name of its playlist, without directory, ending and query. */
function nameOf(level: Level): string {
  const path = new URL(level.uri, location.href).pathname;
  return decodeURIComponent(path.slice(path.lastIndexOf("/") + 1).replace(/\.m3u8$/, ""));
}

function isOfLevel({ details }: ErrorData): boolean {
  return /^(level|frag)(Load|Parsing)/.test(details);
}
