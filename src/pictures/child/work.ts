import type { MediaLibrary } from "../../media-process/library.ts";
import type { PictureJob } from "../messages.ts";
import type { Keyframe, Picture, PictureFormat } from "../picture.ts";
import { decodeKeyframe } from "./decode.ts";
import { encodePicture } from "./encode.ts";
import { blankFrame, scale, shownSize } from "./scale.ts";
import { blacken, placeTile, toTile } from "./tiles.ts";

/** What a job comes to: a picture, or the samples of a tile. */
export type Work = { readonly picture: Picture } | { readonly samples: Uint8Array };

/** Does a job. @throws Error that says why it cannot be done */
export function work(av: MediaLibrary, job: PictureJob): Work {
  switch (job.type) {
    case "thumbnail":
      return { picture: makeThumbnail(av, job.keyframe, job.width, job.format) };
    case "tile": {
      const frame = decodeKeyframe(av, job.keyframe);
      try {
        return { samples: toTile(av, frame, job.size) };
      } finally {
        frame.free();
      }
    }
    case "sheet":
      return { picture: makeSheet(av, job) };
  }
}

function makeThumbnail(av: MediaLibrary, keyframe: Keyframe, width: number, format: PictureFormat): Picture {
  const frame = decodeKeyframe(av, keyframe);
  try {
    const box = { width, height: MAX_HEIGHT };
    const scaled = scale(av, frame, shownSize(frame, box), format);
    try {
      return encodePicture(av, scaled, format);
    } finally {
      scaled.free();
    }
  } finally {
    frame.free();
  }
}

/** Of the tallest thumbnail; a portrait picture is less than three times as high as wide. */
const MAX_HEIGHT = 4096;

function makeSheet(av: MediaLibrary, job: PictureJob & { readonly type: "sheet" }): Picture {
  const { tile, columns, rows, tiles, format } = job;
  const sheet = blankFrame(av, { width: tile.width * columns, height: tile.height * rows }, "jpeg");
  try {
    blacken(sheet);
    for (const { place, samples } of tiles) {
      placeTile(sheet, samples, tile, (place % columns) * tile.width, Math.floor(place / columns) * tile.height);
    }
    if (format === "jpeg") return encodePicture(av, sheet, format);
    const narrow = scale(av, sheet, sheet, format);
    try {
      return encodePicture(av, narrow, format);
    } finally {
      narrow.free();
    }
  } finally {
    sheet.free();
  }
}
