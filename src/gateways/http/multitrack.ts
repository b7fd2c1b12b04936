import type { AnswerSource } from "./shared-answer.ts";

/** What an encoder shall send so that its tracks make an application's ladder: asked by OBS itself, or by somebody for it. */
export type MultitrackQuestion = {
  readonly application: string;
  /** As the asker names the server; without a port. */
  readonly host: string;
  /** Asked by HTTPS. */
  readonly secure: boolean;
} & (
  | { readonly by: "client"; readonly body: unknown }
  /** For a text to paste; what is left out is usual. */
  | { readonly by: "person"; readonly encoder?: string; readonly height?: number }
);

/** The answer, as JSON. */
export type MultitrackAnswer = { readonly status: number; readonly value: unknown };

/** Resource of the question in an `AnswerSource`, with the question as JSON for its query. */
export const MULTITRACK = "multitrack";

/** Requests of OBS are a few kilobytes: its encoders, and what it says of the machine. */
const MAX_BODY = 64 * 1024;

/** Reads a request; a text says why it is none. */
export async function readMultitrackRequest(
  request: Request,
  application: string,
  query: string,
): Promise<MultitrackQuestion | string> {
  const asked = { application, ...originOf(request.url) };
  if (request.method !== "POST") {
    const wishes = new URLSearchParams(query);
    const height = Number(wishes.get("height") ?? Number.NaN);
    return {
      ...asked,
      by: "person",
      ...(wishes.has("encoder") && { encoder: wishes.get("encoder") ?? "" }),
      ...(Number.isInteger(height) && { height }),
    };
  }
  const text = await request.text();
  if (text.length > MAX_BODY) return "the request is too large";
  try {
    return { ...asked, by: "client", body: JSON.parse(text) };
  } catch {
    return "the request is not JSON";
  }
}

/** Asks, and gives the answer. */
export function answerMultitrack(
  source: AnswerSource,
  question: MultitrackQuestion,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  const { promise, resolve } = Promise.withResolvers<Response>();
  const asked = { stream: question.application, resource: MULTITRACK, query: JSON.stringify(question) };
  source.request(asked, (answer) => {
    const own = { ...headers, "cache-control": "no-store" };
    if (answer.kind === "text") {
      const { status, text, contentType } = answer;
      resolve(new Response(text.bytes, { status, headers: { ...own, "content-type": contentType } }));
    } else resolve(new Response(null, { status: answer.kind === "error" ? answer.status : 500, headers: own }));
  });
  return promise;
}

/** A request without a usable Host header has a path for a URL. */
function originOf(url: string): { readonly host: string; readonly secure: boolean } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return { host: parsed?.hostname || "localhost", secure: parsed?.protocol === "https:" };
}
