import { describe, expect } from "bun:test";
import { publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { clip } from "../support/clips.ts";
import { startNaru } from "../support/naru.ts";
import { mediaPlaylistUrl, readPlaylist } from "../support/playlist.ts";
import { sleep } from "../support/process.ts";
import { testWith } from "../support/requires.ts";

type Found = { readonly state: string; readonly waiting?: { readonly since: string; readonly until: string } };

/** Ends the server by a signal and starts it again, with an encoder and viewers that come back. */
async function restart(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
  const file = await clip("h264-aac");
  await using naru = await startNaru();
  const first = publishWithFfmpeg(file, naru.publishUrl("live/test"));
  const url = await mediaPlaylistUrl(await naru.live("live/test"));
  const before = await readPlaylist(url);
  // Until it has been written down.
  await sleep(1500);
  const blocked = fetch(`${url}?_HLS_msn=${before.next.msn + 1}`).then(
    (response) => response.text(),
    () => "no answer",
  );
  await naru.restart(signal);
  await first.stop("SIGKILL");
  expect(await blocked).not.toContain("#EXT-X-ENDLIST");

  const found = (await (await fetch(`${naru.http}/api/streams/live/test`)).json()) as Found;
  expect(found.state).toBe("waiting");
  expect(Date.parse(found.waiting?.until ?? "")).toBeGreaterThan(Date.now() + 50_000);
  expect((await fetch(naru.playlistUrl("live/never"))).status).toBe(404);

  // What was listed is listed, under its names, and the stream goes on before there is an encoder.
  const meanwhile = await readPlaylist(url);
  expect(meanwhile.segments.map(({ url }) => url)).toEqual(expect.arrayContaining([before.segments.at(-1)?.url]));
  await using _ = publishWithFfmpeg(file, naru.publishUrl("live/test"));
  await sleep(3000);
  const after = await readPlaylist(url);
  expect(after.targetDuration).toBe(before.targetDuration);
  expect(after.mediaSequence).toBeGreaterThanOrEqual(before.mediaSequence);
  expect(after.next.msn).toBeGreaterThan(before.next.msn);
  expect(after.segments.some(({ discontinuity }) => discontinuity)).toBe(false);
  expect(after.ended).toBe(false);
}

describe("a server that is started again", () => {
  testWith("ffmpeg")(
    "asks viewers of what was live to wait, and they find the stream as they left it",
    async () => void (await Promise.all([restart("SIGKILL"), restart("SIGTERM")])),
    90_000,
  );
});
