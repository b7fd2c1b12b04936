import type { OperatorAnswer, OperatorQuestion } from "../gateways/http/operator.ts";
import { createApi, normaliseApiPath } from "./api.ts";
import { ApiGuard } from "./api-guard.ts";
import type { ApiConfig } from "./config.ts";
import { obey } from "./orders.ts";
import { readStat } from "./stat.ts";
import { formatStatJson } from "./stat-json.ts";
import { formatStatXml } from "./stat-xml.ts";
import type { TrafficMeter } from "./traffic.ts";
import type { World } from "./world.ts";

/** Answers what those who run the server ask. */
export class OperatorDesk {
  readonly #api: ReturnType<typeof createApi>;
  #config: ApiConfig | undefined;
  #guard: ApiGuard | undefined;

  constructor(
    private readonly world: World,
    private readonly traffic: TrafficMeter,
    /** Asked each time, since it may be another. */
    private readonly config: () => ApiConfig,
  ) {
    this.#api = createApi(world, traffic);
  }

  answer(question: OperatorQuestion): OperatorAnswer | Promise<OperatorAnswer> {
    switch (question.type) {
      case "stat": {
        const { show, stylesheet, format } = question.config;
        const stat = readStat(this.world, this.traffic);
        if (format === "json") {
          return { status: 200, body: formatStatJson(stat, show), contentType: "application/json" };
        }
        return { status: 200, body: formatStatXml(stat, show, stylesheet), contentType: "text/xml" };
      }
      case "control": {
        const { status, body } = obey(this.world, question.takes, question.path, question.query);
        return { status, body, contentType: status === 200 ? "" : "text/plain" };
      }
      case "api":
        return this.#answerApi(question);
    }
  }

  async #answerApi(question: OperatorQuestion & { readonly type: "api" }): Promise<OperatorAnswer> {
    const refusal = this.#guardNow().refuse(question);
    if (refusal) {
      const { status, detail } = refusal;
      const title = status === 401 ? "Unauthorized" : "Forbidden";
      const body = JSON.stringify({ type: "about:blank", title, status, detail });
      return { status, body, contentType: "application/problem+json" };
    }
    const { method } = question;
    const url = new URL(question.url);
    url.pathname = normaliseApiPath(url.pathname);
    const headers = new Headers();
    const type = question.headers["content-type"];
    if (type !== undefined) headers.set("content-type", type);
    const hasBody = method !== "GET" && method !== "HEAD";
    const response = await this.#api.fetch(
      new Request(url.href, hasBody ? { method, headers, body: question.body } : { method, headers }),
    );
    return {
      status: response.status,
      body: await response.text(),
      contentType: response.headers.get("content-type") ?? "",
    };
  }

  #guardNow(): ApiGuard {
    const config = this.config();
    if (config !== this.#config || !this.#guard) this.#guard = new ApiGuard(config);
    this.#config = config;
    return this.#guard;
  }
}
