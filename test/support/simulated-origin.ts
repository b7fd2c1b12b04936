/** What a simulated origin does wrong. */
export type OriginFault =
  | "answers-early"
  | "answers-late"
  | "refuses-rollover"
  | "accepts-anything"
  | "hint-not-found"
  | "hint-other-bytes"
  | "hint-trickles"
  | "delta-skips-too-much"
  | "delta-loses-a-part"
  | "removes-at-once"
  | "always-not-modified"
  | "wrong-ranges"
  | "part-missing"
  | "uncacheable"
  | "stalls"
  | "fails-for-a-while"
  | "says-busy"
  | "goes-away";

/** Seconds. */
const PART = 0.25;
const PARTS = 4;
const SEGMENT = PART * PARTS;
const TARGET = 1;
const WINDOW = 10;
const SKIP_UNTIL = 6 * TARGET;
/** Segments that are there when it begins. */
const AHEAD = 12;
const FIRST_MSN = 100;

/** A low-latency origin of noise instead of media, that keeps all rules but those that it is told to break. */
export class SimulatedOrigin implements Disposable {
  readonly #server: ReturnType<typeof Bun.serve>;
  readonly #began = performance.now();
  readonly #fault: OriginFault | undefined;

  constructor(fault?: OriginFault) {
    this.#fault = fault;
    this.#server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      idleTimeout: 60,
      fetch: (request) => this.#answer(new URL(request.url), request),
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/main.m3u8`;
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true);
  }

  get #elapsed(): number {
    return (performance.now() - this.#began) / 1000;
  }

  /** Parts that are complete, counted from the first. */
  get #parts(): number {
    const at = this.#fault === "stalls" ? Math.min(this.#elapsed, 1.5) : this.#elapsed;
    return AHEAD * PARTS + Math.floor(at / PART);
  }

  async #answer(url: URL, request: Request): Promise<Response> {
    const outage = this.#elapsed > 1.5 && this.#elapsed < 3.5;
    if (outage && this.#fault === "fails-for-a-while") return failure(500);
    if (outage && this.#fault === "says-busy")
      return new Response("", { status: 503, headers: { ...CORS, "retry-after": "1" } });
    if (this.#fault === "goes-away" && this.#elapsed > 2) return failure(404);
    return url.pathname === "/main.m3u8" ? this.#playlist(url, request) : this.#media(url.pathname.slice(1), request);
  }

  async #playlist(url: URL, request: Request): Promise<Response> {
    const number = (name: string) => (url.searchParams.has(name) ? Number(url.searchParams.get(name)) : undefined);
    const [msn, part] = [number("_HLS_msn"), number("_HLS_part")];
    const tolerant = this.#fault === "accepts-anything";
    if (part !== undefined && msn === undefined && !tolerant) return failure(400);
    if (msn !== undefined) {
      const last = FIRST_MSN + Math.floor(this.#parts / PARTS) - 1;
      if (msn > last + 2 && !tolerant) return failure(400);
      if (part === PARTS && this.#fault === "refuses-rollover") return failure(400);
      const wanted = part === undefined ? (msn - FIRST_MSN + 1) * PARTS : (msn - FIRST_MSN) * PARTS + part + 1;
      if (this.#fault !== "answers-early" && !(await this.#until(wanted))) return failure(503);
      if (this.#fault === "answers-late") await Bun.sleep(1500);
    }
    const text = this.#text(url.searchParams.has("_HLS_skip"));
    const etag = `"${Bun.hash(text)}"`;
    const known = request.headers.get("if-none-match");
    if (known === etag || (known !== null && this.#fault === "always-not-modified")) {
      return new Response(null, { status: 304, headers: { ...CORS, etag } });
    }
    const cacheable = msn === undefined ? "max-age=1" : "max-age=6";
    return new Response(Bun.gzipSync(text), {
      headers: {
        ...CORS,
        etag,
        "content-type": "application/vnd.apple.mpegurl",
        "content-encoding": "gzip",
        vary: "Accept-Encoding",
        "cache-control": this.#fault === "uncacheable" ? "no-store" : cacheable,
      },
    });
  }

  #text(delta: boolean): string {
    const parts = this.#parts;
    const segments = Math.floor(parts / PARTS);
    const from = segments - WINDOW;
    const boundary = this.#fault === "delta-skips-too-much" ? SKIP_UNTIL - 2 : SKIP_UNTIL;
    const skipped = delta ? WINDOW - boundary / SEGMENT : 0;
    const lost = delta && this.#fault === "delta-loses-a-part";
    const lines = [
      "#EXTM3U",
      `#EXT-X-VERSION:${delta ? 9 : 6}`,
      `#EXT-X-TARGETDURATION:${TARGET}`,
      `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=${SKIP_UNTIL},PART-HOLD-BACK=${3 * PART}`,
      `#EXT-X-PART-INF:PART-TARGET=${PART}`,
      `#EXT-X-MEDIA-SEQUENCE:${FIRST_MSN + from}`,
      ...(delta ? [`#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}`] : []),
    ];
    for (let index = from + skipped; index <= segments; index++) {
      const [msn, count] = [FIRST_MSN + index, index === segments ? parts % PARTS : PARTS];
      if (index < segments || count > 0) {
        lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(1.75e12 + index * SEGMENT * 1000).toISOString()}`);
      }
      for (let part = 0; part < count && index > segments - 3; part++) {
        if (lost && index === segments - 1 && part === 2) continue;
        lines.push(`#EXT-X-PART:DURATION=${PART},URI="${msn}.${part}.bin",INDEPENDENT=YES`);
      }
      if (index < segments) lines.push(`#EXTINF:${SEGMENT},`, `${msn}.bin`);
    }
    lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${FIRST_MSN + segments}.${parts % PARTS}.bin"`, "");
    return lines.join("\n");
  }

  async #media(name: string, request: Request): Promise<Response> {
    const [msn = 0, part] = name.replace(".bin", "").split(".").map(Number);
    const last = (msn - FIRST_MSN) * PARTS + (part === undefined ? PARTS : part + 1);
    const held = last > this.#parts;
    if (held && (last > this.#parts + 1 || part === undefined || this.#fault === "hint-not-found")) return failure(404);
    const age = this.#parts - last;
    if (this.#fault === "removes-at-once" && age >= WINDOW * PARTS) return failure(404);
    if (this.#fault === "part-missing" && part === 1 && !held) return failure(404);
    if (held) await this.#until(last);
    let body =
      part === undefined ? concat([...Array(PARTS).keys()].map((index) => noise(msn, index))) : noise(msn, part);
    if (held && this.#fault === "hint-other-bytes") body = body.slice(1);
    if (held && this.#fault === "hint-trickles") return new Response(trickle(body), { headers: MEDIA });
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "");
    if (!range) return new Response(body, { headers: MEDIA });
    const [start, end] = [Number(range[1]), Math.min(Number(range[2]), body.length - 1)];
    const shift = this.#fault === "wrong-ranges" ? 1 : 0;
    const headers = { ...MEDIA, "content-range": `bytes ${start}-${end}/${body.length}` };
    return new Response(body.slice(start + shift, end + 1 + shift), { status: 206, headers });
  }

  /** Waits until so many parts are complete. @returns false where that takes too long */
  async #until(parts: number): Promise<boolean> {
    const deadline = this.#elapsed + 3 * TARGET;
    while (this.#parts < parts) {
      if (this.#elapsed > deadline) return false;
      const due = (parts - AHEAD * PARTS) * PART - this.#elapsed;
      await Bun.sleep(Math.min(200, Math.max(2, due * 1000)));
    }
    return true;
  }
}

const CORS = { "access-control-allow-origin": "*" };
const MEDIA = { ...CORS, "content-type": "video/mp4", "cache-control": "max-age=60" };

const failure = (status: number) => new Response("", { status, headers: { ...CORS, "cache-control": "no-store" } });

function noise(msn: number, part: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(6000).map((_, index) => (index * (msn + 7) + part * 31) % 251);
}

function concat(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(chunks));
}

/** A body that comes over half a second. */
function trickle(body: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async start(controller) {
      for (let at = 0; at < body.length; at += 1000) {
        controller.enqueue(body.slice(at, at + 1000));
        await Bun.sleep(90);
      }
      controller.close();
    },
  });
}
