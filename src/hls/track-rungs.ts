import type { CodecConfig, Track } from "../media/track.ts";
import { describeTracks } from "./multivariant.ts";
import type { RungDescription } from "./rung-feed.ts";

/** It is not announced before it is measured. */
const UNKNOWN = { peak: 0, average: 0 };

/** Rungs of what a stream has beside the lead's tracks: further video, and with `separateAudio` all of its sound. */
export function trackRungs(
  tracks: readonly Track[],
  canCarry: (config: CodecConfig) => boolean,
  separateAudio: boolean,
): RungDescription[] {
  const carried = tracks.filter((track) => track.kind !== "data" && canCarry(track.config));
  const sounds = carried.filter((track) => track.kind === "audio");
  const muxed = separateAudio ? [] : sounds.slice(0, 1);
  const names = new Set<string>();
  const rungs: RungDescription[] = [];
  for (const track of carried.filter((one) => one.kind === "video").slice(1)) {
    const { uri, ...described } = describeTracks("", [track, ...muxed], UNKNOWN, undefined);
    const { height } = track.config;
    const name = unused(height > 0 ? `${height}p` : `video-${track.id}`, names);
    rungs.push({ ...described, name, kind: "video", of: { video: track.id } });
  }
  if (!separateAudio) return rungs;
  const labels = new Set<string>();
  for (const [index, { id, language, label, config }] of sounds.entries()) {
    const number = index + 1;
    rungs.push({
      name: unused(`audio-${/^[A-Za-z0-9-]{1,32}$/.exec(language ?? "") ?? number}`, names),
      kind: "audio",
      codecs: [config.codecString],
      bandwidth: UNKNOWN,
      of: { audio: id },
      alternative: {
        name: unused(label || language || `Audio ${number}`, labels),
        language,
        channels: config.channels,
        isDefault: index === 0,
      },
    });
  }
  return rungs;
}

/** With a number behind it where that is taken. */
function unused(name: string, taken: Set<string>): string {
  let unique = name;
  for (let number = 2; taken.has(unique); number++) unique = `${name}-${number}`;
  taken.add(unique);
  return unique;
}
