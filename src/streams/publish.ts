import type { MediaEvent } from "../media/event.ts";
import type { Millis } from "../media/time.ts";

/** What a gateway says about somebody who wants to publish. */
export type PublishRequest = {
  /** Canonical path, `application/name`, e.g. `live/test`. Checked by `parseStreamPath`. */
  readonly path: string;
  readonly protocol: string;
  /** Remote address, for the log and the list of sessions. */
  readonly remote: string;
  /** Everything behind `?` in app, tcUrl and name, as it came; may carry secrets, so it is never logged. */
  readonly query: string;
  /** Name and version the encoder gives itself. */
  readonly agent?: string;
  /** Marks of the servers that relayed the stream, the first one first. */
  readonly via?: readonly string[];
  /** Called when the server ends this publish (taken over, kicked, shut down): close the connection. Not called after `close`. */
  readonly onClosed: (reason: string) => void;
  /** Tells the encoder something that needs no answer, by a code such as `NetStream.Record.Start`. */
  readonly onNotice?: (code: string, description: string) => void;
};

/** The writing end of a stream; one per accepted publish. */
export interface Publisher {
  /**
   * Hands over events in the order of arrival. Times are the source's own, unwrapped but not repaired: the stream's
   * timeline makes them monotonic. Ignored after the publish has ended.
   */
  write(event: MediaEvent, now: Millis): void;
  /** Facts from the encoder's metadata that no bitstream carries (frame rate, bitrates), for display and estimates. */
  describe(metadata: Readonly<Record<string, unknown>>): void;
  /** Counts bytes received from the network, media or not. */
  received(bytes: number): void;
  /** The encoder has left, for whatever reason. Harmless when called twice. */
  close(reason: string, now: Millis): void;
}

/** Why a publish was refused. `code` is stable and documented. */
export class PublishRefusedError extends Error {
  override readonly name = "PublishRefusedError";
  constructor(
    readonly code:
      | "already-publishing"
      | "no-backup"
      | "unknown-application"
      | "not-live"
      | "bad-path"
      | "limit-reached"
      | "denied"
      | "relay-loop",
    message: string,
  ) {
    super(message);
  }
}

/** What gateways need of the streams. */
export interface Ingest {
  /** @throws PublishRefusedError */
  publish(request: PublishRequest, now: Millis): Publisher;
}
