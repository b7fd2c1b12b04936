import type { VideoTrack } from "../../media/track.ts";
import { encodeFragment } from "./fragment.ts";
import { encodeInit } from "./init.ts";

/**
 * A whole MP4 file of one key frame, which a browser's `<video>` shows as a picture. `data` is the packet's. The frame
 * lasts a second, so that players which seek or preload have something to land on.
 */
export function encodeStill(track: VideoTrack, data: Uint8Array): Uint8Array {
  const init = encodeInit([track]);
  const samples = [{ duration: track.timescale, compositionOffset: 0, key: true, data }];
  const fragment = encodeFragment(1, [{ trackId: 1, kind: "video", baseDecodeTime: 0, samples }]);
  const file = new Uint8Array(init.length + fragment.length);
  file.set(init);
  file.set(fragment, init.length);
  return file;
}
