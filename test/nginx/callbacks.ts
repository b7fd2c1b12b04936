import { comparable, type Side } from "./both.ts";

/** Numbers that no two runs have in common. */
const OWN_VALUES = /^(clientid|epoch|time|timestamp|duration)$/;

/** A server that is called back, and keeps what it was told. */
export class Callbacks implements Disposable {
  /** `/path name=value&...`, in the order they came. */
  readonly calls: string[] = [];
  readonly #server: Bun.Server<undefined>;

  constructor(answer: (path: string, fields: URLSearchParams) => Response) {
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request) => {
        const { pathname, searchParams } = new URL(request.url);
        const body = request.method === "POST" ? await request.text() : searchParams.toString();
        this.calls.push(`${pathname} ${body}`);
        return answer(pathname, new URLSearchParams(body));
      },
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  /**
   * What each client was the cause of, in its order, sorted by client: paths with the stream's name. Without what comes by the
   * clock, and what is told of a file, which may be on the disk later. That it has left stands last: nginx-rtmp makes all calls
   * at the end of a client at once.
   */
  sequences(wanted: (fields: URLSearchParams) => boolean): readonly string[] {
    const clients = new Map<string, string[]>();
    const left = new Set<string>();
    for (const call of this.calls) {
      const [path = "", body = ""] = call.split(" ");
      const fields = new URLSearchParams(body);
      const client = fields.get("clientid");
      if (client === null || /^\/(update|record_done)$/.test(path) || !wanted(fields)) continue;
      if (path === "/disconnect") left.add(client);
      else clients.set(client, [...(clients.get(client) ?? []), `${path} ${fields.get("name")}`]);
    }
    return [...clients].map(([id, calls]) => [...calls, left.has(id) ? "/disconnect" : "stays"].join(", ")).toSorted();
  }

  /** The calls by path, each once for the fields that say whom it is about, without values that differ by necessity. */
  comparable(side: Side): readonly string[] {
    const texts = this.calls.map((call) => {
      const [path = "", body = ""] = call.split(" ");
      const fields = body.split("&").map((field) => {
        const [name = "", value = ""] = field.split("=");
        return OWN_VALUES.test(name) ? `${name}=NUMBER` : `${name}=${comparable(side, decodeURIComponent(value))}`;
      });
      return `${path} ${fields.join("&")}`;
    });
    return [...new Set(texts)].toSorted();
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true);
  }
}
