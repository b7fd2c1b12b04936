import type { ControlConfig, StatConfig } from "./config.ts";
import type { AnswerSource } from "./shared-answer.ts";

/** What is asked by, or for, those who run the server: answered by the main thread alone, and each time anew. */
export type OperatorQuestion =
  | { readonly type: "stat"; readonly config: StatConfig }
  | {
      readonly type: "control";
      /** The orders that are taken here. */
      readonly takes: ControlConfig;
      /** Decoded. */
      readonly path: string;
      readonly query: string;
    }
  | ApiQuestion;

/** A request of the API. */
export type ApiQuestion = {
  readonly type: "api";
  readonly method: string;
  /** With its host, encoded as it came. */
  readonly url: string;
  readonly body: string;
  readonly address: string | undefined;
  /** Of the headers, those that matter. */
  readonly headers: Readonly<Record<string, string>>;
};

export type OperatorAnswer = {
  readonly status: number;
  readonly body: string;
  /** None where a body needs none. */
  readonly contentType: string;
};

export type Operator = (question: OperatorQuestion) => OperatorAnswer | Promise<OperatorAnswer>;

/** Resource of the question in an `AnswerSource`, with the question as JSON for its query. */
export const OPERATOR = "operator";

/** The longest body of the API's requests. */
const MAX_BODY = 16 * 1024;
const HEADERS = ["authorization", "content-type", "origin", "forwarded", "x-forwarded-for", "host"] as const;

/** A text says why it is none. */
export async function readApiRequest(
  request: Request,
  target: string,
  address: string | undefined,
): Promise<ApiQuestion | string> {
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY) return "the request is too large";
  const body = request.method === "GET" || request.method === "HEAD" ? "" : await request.text();
  if (body.length > MAX_BODY) return "the request is too large";
  const headers: Record<string, string> = {};
  for (const name of HEADERS) {
    const value = request.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  return { type: "api", method: request.method, url: `http://localhost${target}`, body, address, headers };
}

/** Asks, and gives the answer. */
export function askOperator(
  source: AnswerSource,
  question: OperatorQuestion,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  const { promise, resolve } = Promise.withResolvers<Response>();
  source.request({ stream: "", resource: OPERATOR, query: JSON.stringify(question) }, (answer) => {
    const own = new Headers({ ...headers, "cache-control": "no-store" });
    if (answer.kind !== "text") {
      resolve(new Response(null, { status: answer.kind === "error" ? answer.status : 500, headers: own }));
      return;
    }
    const { status, text, contentType } = answer;
    if (contentType !== "") own.set("content-type", contentType);
    if (status === 401) own.set("www-authenticate", "Bearer");
    resolve(new Response(text.bytes.length === 0 ? null : text.bytes, { status, headers: own }));
  });
  return promise;
}
