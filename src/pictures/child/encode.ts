import type { Frame } from "node-av/lib";
import type { MediaLibrary } from "../../media-process/library.ts";
import type { Picture, PictureFormat } from "../picture.ts";
import { check } from "./decode.ts";

/** As FFmpeg's `-q:v`, 2 is the best. About 30 kB at 480x270. */
const JPEG_QUANTISER = 4;
/** Looks about the same; less effort than usual saves most of the time and costs few bytes. */
const WEBP_OPTIONS = [
  ["quality", "72"],
  ["compression_level", "2"],
] as const;

/** Encodes a frame that `scale` or `blankFrame` has made for this format. */
export function encodePicture(av: MediaLibrary, frame: Frame, format: PictureFormat): Picture {
  const { width, height } = frame;
  const name = (format === "jpeg" ? "mjpeg" : "libwebp") as Parameters<MediaLibrary["Codec"]["findEncoderByName"]>[0];
  const encoder = av.Codec.findEncoderByName(name);
  if (!encoder) throw new Error(`there is no encoder for ${format}`);
  const context = new av.CodecContext();
  const packet = new av.Packet();
  try {
    context.allocContext3(encoder);
    context.width = width;
    context.height = height;
    context.pixelFormat = av.AV_PIX_FMT_YUV420P;
    context.colorRange = frame.colorRange;
    context.colorSpace = frame.colorSpace;
    context.timeBase = new av.Rational(1, 1);
    context.threadCount = 1;
    if (format === "jpeg") {
      context.setFlags(av.AV_CODEC_FLAG_QSCALE);
      context.globalQuality = JPEG_QUANTISER * av.FF_QP2LAMBDA;
      frame.quality = context.globalQuality;
    }
    frame.pts = 0n;
    if (format === "webp") for (const [name, value] of WEBP_OPTIONS) context.setOption(name, value);
    check(av, context.open2Sync(encoder, null), "open the encoder");
    packet.alloc();
    check(av, context.sendFrameSync(frame), "encode");
    check(av, context.sendFrameSync(null), "encode");
    check(av, context.receivePacketSync(packet), "encode");
    if (!packet.data) throw new Error("the encoder gave nothing");
    return { format, width, height, bytes: new Uint8Array(packet.data) };
  } finally {
    packet.free();
    context.freeContext();
  }
}
