import { badFragments } from "./bad-media/fragments.ts";
import { badInits } from "./bad-media/inits.ts";
import type { BadMedia } from "./bad-media/kit.ts";
import { badPlaylists } from "./bad-media/playlists.ts";
import { badTimelines } from "./bad-media/timelines.ts";
import { badTransport } from "./bad-media/transport.ts";

/** A sample for each rule of the media, that breaks it. */
export const badMedia: readonly BadMedia[] = [
  ...badInits,
  ...badFragments,
  ...badPlaylists,
  ...badTimelines,
  ...badTransport,
];
