import type { Frame } from "node-av/lib";
import type { MediaLibrary } from "../../media-process/library.ts";
import { displaySize, fitWithin, type PictureFormat, type Size } from "../picture.ts";
import { check } from "./decode.ts";

/** The size of a frame as it is to be shown, within a box. */
export function shownSize({ width, height, sampleAspectRatio }: Frame, box: Size): Size {
  const sar = { width: sampleAspectRatio.num, height: sampleAspectRatio.den };
  return fitWithin(displaySize({ width, height, sar }), box);
}

/**
 * Scales a frame of any format to 8-bit 4:2:0 in the colours of still pictures.
 * @param format JPEG has the full range (ITU-T T.871), WebP the narrow one (RFC 9649 2.5)
 * @returns a frame that the caller frees
 */
export function scale(av: MediaLibrary, frame: Frame, size: Size, format: PictureFormat): Frame {
  const scaled = blankFrame(av, size, format);
  const scaler = new av.SoftwareScaleContext();
  try {
    scaler.allocContext();
    // Matrix and range are converted. Primaries and transfer would be through a table that takes seconds to make.
    scaled.colorPrimaries = frame.colorPrimaries;
    scaled.colorTrc = frame.colorTrc;
    // Fields lie in one picture here as well, and the scaler wants both sides alike.
    frame.clearFlags(av.AV_FRAME_FLAG_INTERLACED);
    check(av, scaler.scaleFrameSync(scaled, frame), "scale");
    return scaled;
  } catch (error) {
    scaled.free();
    throw error;
  } finally {
    scaler.freeContext();
  }
}

/** A frame whose samples are not set, in the colours of still pictures. */
export function blankFrame(av: MediaLibrary, { width, height }: Size, format: PictureFormat): Frame {
  const frame = new av.Frame();
  frame.alloc();
  frame.width = width;
  frame.height = height;
  frame.format = av.AV_PIX_FMT_YUV420P;
  frame.colorRange = format === "jpeg" ? av.AVCOL_RANGE_JPEG : av.AVCOL_RANGE_MPEG;
  frame.colorSpace = av.AVCOL_SPC_SMPTE170M;
  const code = frame.getBuffer(0);
  if (code < 0) {
    frame.free();
    check(av, code, "take memory");
  }
  return frame;
}
