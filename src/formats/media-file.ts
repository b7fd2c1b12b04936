import type { MediaEvent } from "../media/event.ts";
import type { Millis } from "../media/time.ts";
import type { Reading } from "./reading.ts";

/** Which of several tracks of a kind is read, from 0; further tracks of that kind are passed over. */
export type TrackChoice = { readonly video: number; readonly audio: number };

/** A file of media that is read from any keyframe on. */
export interface MediaFile {
  /** As the file says; undefined when it does not. */
  readonly duration: Millis | undefined;
  /** What comes next, in order: `tracks` first; undefined at the end. @throws MalformedError */
  next(): Reading<readonly MediaEvent[] | undefined>;
  /** Goes to the last keyframe that is not later: what comes next begins with it. @throws MalformedError */
  seek(time: Millis): Reading<void>;
}
