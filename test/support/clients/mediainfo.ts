import { run } from "../process.ts";

export type MediaInfoTrack = Readonly<Record<string, string | undefined>> & { readonly "@type": string };

/** What MediaInfo says about a file: its tracks, and every fault it finds in the container or the streams. */
export async function mediaInfo(file: string): Promise<{ tracks: MediaInfoTrack[]; faults: string[] }> {
  const json = JSON.parse(await run("mediainfo", ["--Full", "--Output=JSON", file]));
  const tracks: MediaInfoTrack[] = json.media?.track ?? [];
  const faults = tracks.flatMap((track) => [
    ...Object.entries((track.extra as unknown as Record<string, unknown>) ?? {})
      .filter(([key]) => /conformance|error|malformed|truncated/i.test(key))
      .map(([key, value]) => `${track["@type"]}: ${key}: ${JSON.stringify(value)}`),
    ...(track.IsTruncated === "Yes" ? [`${track["@type"]}: truncated`] : []),
  ]);
  return { tracks, faults };
}
