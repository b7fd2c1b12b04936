import type { AnswerCallback, Cancel, OriginRequest } from "../../hls/answer.ts";
import type { Millis } from "../../media/time.ts";

/** What the gateway needs of the origin: exactly one answer to each request, at once or later. */
export interface OriginHandler {
  request(request: OriginRequest, now: Millis, answer: AnswerCallback): Cancel | undefined;
}
