/** One of the pictures that a stream can be watched in. */
export type Quality = {
  /** As the server calls it: its playlist's name, e.g. `480p`. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Frames per second, as announced; undefined when it is not. */
  readonly frameRate: number | undefined;
  /** Bits per second, as announced. */
  readonly bitrate: number;
};

/** One of the sounds. */
export type AudioTrack = {
  readonly name: string;
  /** BCP 47; an empty string when it is not known. */
  readonly language: string;
};

/** Why a player went over to another quality. */
export type SwitchReason =
  | { readonly why: "chosen" }
  /** Bits per second that the network was measured to carry. */
  | { readonly why: "bandwidth"; readonly bandwidth: number }
  /** Media came so slowly that it would have run out; seconds that were left. */
  | { readonly why: "buffer"; readonly seconds: number }
  /** The device could not show all pictures in time. */
  | { readonly why: "dropped" }
  /** The former could not be loaded. */
  | { readonly why: "failed" };

export type QualitySwitch = { readonly from: Quality; readonly to: Quality; readonly reason: SwitchReason };

/** What a viewer wants, kept from one visit to the next. */
export type Preference = {
  /** The lesser side of the picture; undefined: as the network carries. */
  readonly size?: number;
  /** Language and name of the sound. */
  readonly audio?: { readonly language: string; readonly name: string };
};

/** The lesser side of a picture, by which people name it: 720 of 1280x720, and of 720x1280. */
export function sizeOf({ width, height }: Pick<Quality, "width" | "height">): number {
  return Math.min(width, height);
}

/** The quality that comes nearest to a size without being larger; the least where all are larger. */
export function qualityFor(size: number, qualities: readonly Quality[]): Quality | undefined {
  return bestFirst(qualities).find((quality) => sizeOf(quality) <= size) ?? bestFirst(qualities).at(-1);
}

/** The track of that language and name, else of that language. */
export function audioFor(
  wanted: NonNullable<Preference["audio"]>,
  tracks: readonly AudioTrack[],
): AudioTrack | undefined {
  const inLanguage = tracks.filter(({ language }) => language === wanted.language);
  return inLanguage.find(({ name }) => name === wanted.name) ?? (wanted.language ? inLanguage[0] : undefined);
}

export function bestFirst(qualities: readonly Quality[]): Quality[] {
  return qualities.toSorted((a, b) => sizeOf(b) - sizeOf(a) || b.bitrate - a.bitrate);
}
