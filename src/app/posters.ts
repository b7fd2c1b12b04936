import { encodeStill } from "../formats/mp4/keyframe-file.ts";
import type { Packet } from "../media/event.ts";
import type { Stream } from "../streams/stream.ts";

/** Pictures of streams: the latest keyframe as an MP4 file of one frame, made once per keyframe that somebody asks for. */
export class Posters {
  readonly #files = new WeakMap<Packet, Uint8Array>();

  of(stream: Stream | undefined): Uint8Array | undefined {
    const keyframe = stream?.cache.keyframe;
    if (!keyframe) return undefined;
    let file = this.#files.get(keyframe.packet);
    if (!file) {
      file = encodeStill(keyframe.track, keyframe.packet.data);
      this.#files.set(keyframe.packet, file);
    }
    return file;
  }
}
