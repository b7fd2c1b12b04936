import type { StreamSummary } from "../src/gateways/http/stream-list.ts";
import type { Choice } from "./choice.ts";
import { formatBitrate, formatFrameRate } from "./format.ts";
import type { Renditions } from "./player.ts";
import { type AudioTrack, type Quality, type SwitchReason, sizeOf } from "./quality.ts";
import { strings } from "./strings.ts";

/** What the server says of the renditions. */
export type Rungs = NonNullable<StreamSummary["rungs"]>;

/** The value of the choice that leaves it to the player. */
export const AUTOMATIC = "";

/** Lines for sounds; none where there is nothing to choose. */
export function audioChoices(tracks: readonly AudioTrack[]): Choice[] {
  if (tracks.length < 2) return [];
  return tracks.map(({ name, language }) => ({ value: name, label: name, detail: languageName(language, name) }));
}

/** Automatic, what the player knows, and what it does not because the server cannot make it now; none where there is no choice. */
export function qualityChoices(qualities: readonly Quality[], rungs: Rungs, shown: Quality | undefined): Choice[] {
  if (qualities.length < 2) return [];
  const automatic = { value: AUTOMATIC, label: strings.automatic, detail: shown ? labelOf(shown, qualities) : "" };
  const known = qualities.map((quality): Choice => {
    const reason = unavailable(rungs.find(({ name }) => name === quality.name));
    const detail = reason ?? detailOf(quality);
    return { value: quality.name, label: labelOf(quality, qualities), detail, disabled: reason !== undefined };
  });
  const missing = rungs.flatMap((rung): Choice[] => {
    const reason = unavailable(rung);
    if (rung.kind !== "video" || reason === undefined || qualities.some(({ name }) => name === rung.name)) return [];
    return [{ value: rung.name, label: rung.name, detail: reason, disabled: true }];
  });
  return [automatic, ...known, ...missing];
}

function unavailable(rung: Rungs[number] | undefined): string | undefined {
  return rung?.state === "shed" || rung?.state === "failed" ? strings.rungState[rung.state] : undefined;
}

/** `720p`; with the frame rate where another quality has the same size. */
function labelOf(quality: Quality, among: readonly Quality[]): string {
  const size = sizeOf(quality);
  if (size === 0) return quality.name;
  const same = among.filter((other) => sizeOf(other) === size);
  const rates = new Set(same.map(({ frameRate }) => frameRate));
  return rates.size > 1 && quality.frameRate ? `${size}p${formatFrameRate(quality.frameRate)}` : `${size}p`;
}

function detailOf({ name, frameRate, bitrate }: Quality): string {
  const rate = frameRate ? `${formatFrameRate(frameRate)}\u00a0fps` : "";
  return [rate, formatBitrate(bitrate), name === SOURCE ? strings.source : ""].filter((fact) => fact).join(" \u00b7 ");
}

/** The server's name for what the encoder sends. */
const SOURCE = "main";

/** Which quality is on screen, and why; empty where there is nothing to choose. */
export function shownText({ shown, chosen, lastSwitch, qualities }: Renditions): string {
  if (!shown || qualities.length < 2) return "";
  const reason = lastSwitch?.to.name === shown.name ? lastSwitch.reason : undefined;
  const why = reason ? reasonText(reason) : chosen === undefined ? strings.switched.automatic : strings.switched.chosen;
  return strings.shown(labelOf(shown, qualities), why);
}

function reasonText(reason: SwitchReason): string {
  switch (reason.why) {
    case "bandwidth":
      return strings.switched.bandwidth(formatBitrate(reason.bandwidth));
    case "buffer":
      return strings.switched.buffer(reason.seconds.toFixed(1));
    default:
      return strings.switched[reason.why];
  }
}

/** `Deutsch`; empty where the track's own name says it. */
function languageName(language: string, name: string): string {
  if (language === "") return "";
  try {
    const text = new Intl.DisplayNames([language], { type: "language" }).of(language) ?? language;
    return text.toLowerCase() === name.toLowerCase() ? "" : text;
  } catch {
    return language;
  }
}
