import type { CodecContext, Frame } from "node-av/lib";
import type { MediaLibrary } from "../../media-process/library.ts";
import type { Keyframe } from "../picture.ts";

/** More than 8K; memory for a frame is taken before its content is looked at. */
const MAX_PIXELS = 8192 * 8192;

/**
 * Decodes a frame that stands alone.
 * @returns a frame that the caller frees
 * @throws Error that says what is wrong with it
 */
export function decodeKeyframe(av: MediaLibrary, keyframe: Keyframe): Frame {
  const context = openDecoder(av, keyframe);
  const packet = new av.Packet();
  const frame = new av.Frame();
  try {
    packet.alloc();
    packet.data = Buffer.from(keyframe.data);
    packet.isKeyframe = true;
    frame.alloc();
    check(av, context.sendPacketSync(packet), "decode");
    // It gives a frame at once only when nothing more can come.
    check(av, context.sendPacketSync(null), "decode");
    check(av, context.receiveFrameSync(frame), "decode");
    if (frame.width < 1 || frame.height < 1) throw new Error("the picture has no size");
    return frame;
  } catch (error) {
    frame.free();
    throw error;
  } finally {
    packet.free();
    context.freeContext();
  }
}

function openDecoder(av: MediaLibrary, { codec, record }: Keyframe): CodecContext {
  const ids = {
    h264: av.AV_CODEC_ID_H264,
    hevc: av.AV_CODEC_ID_HEVC,
    av1: av.AV_CODEC_ID_AV1,
    vp9: av.AV_CODEC_ID_VP9,
  } as const;
  // FFmpeg's own AV1 decoder wants hardware.
  const decoder = codec === "av1" ? av.Codec.findDecoderByName(AV1_DECODER) : av.Codec.findDecoder(ids[codec]);
  if (!decoder) throw new Error(`there is no decoder for ${codec}`);
  const context = new av.CodecContext();
  context.allocContext3(decoder);
  if (record.length > 0) context.extraData = Buffer.from(record);
  // Threads help with one frame little and cost more than that.
  context.threadCount = 1;
  context.setOption("max_pixels", String(MAX_PIXELS));
  // Not with a dictionary of options: node-av 6.1 frees it twice.
  const opened = context.open2Sync(decoder, null);
  if (opened < 0) {
    context.freeContext();
    check(av, opened, "open the decoder");
  }
  return context;
}

const AV1_DECODER = "libdav1d" as Parameters<MediaLibrary["Codec"]["findDecoderByName"]>[0];

/** @throws Error with FFmpeg's words when `code` is an error */
export function check(av: MediaLibrary, code: number, what: string): void {
  if (code < 0) throw new Error(`cannot ${what}: ${new av.FFmpegError(code).message}`);
}
