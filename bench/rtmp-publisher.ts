import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { ByteReader } from "../src/bytes/reader.ts";
import { type FlvTag, readTag } from "../src/formats/flv/tag.ts";
import { type RtmpClientEvent, RtmpClientSession } from "../src/protocols/rtmp/client-session.ts";
import type { Effect } from "../src/protocols/session.ts";
import { Outbox } from "../test/support/outbox.ts";

/** The tags of an FLV file, without its header. */
export function readFlv(file: string): FlvTag[] {
  const reader = new ByteReader(readFileSync(file));
  reader.skip(9 + 4);
  const tags: FlvTag[] = [];
  while (reader.left > 15) tags.push(readTag(reader));
  return tags;
}

/** Sends FLV tags by RTMP at the times of their stamps, again and again. */
export class RtmpPublisher {
  readonly #outbox = new Outbox();
  readonly #session: RtmpClientSession;
  #began: number | undefined;
  #next = 0;
  #round = 0;
  readonly #length: number;

  constructor(
    private readonly tags: readonly FlvTag[],
    url: { readonly port: number; readonly app: string; readonly name: string },
    /** Called after a message was handed to the socket. */
    private readonly onSent: (tag: FlvTag, at: number) => void = () => {},
  ) {
    this.#length = (tags.at(-1)?.timestamp ?? 0) + 33;
    this.#session = new RtmpClientSession({
      app: url.app,
      name: url.name,
      tcUrl: `rtmp://127.0.0.1:${url.port}/${url.app}`,
      chunkSize: 60_000,
      random: (length) => randomBytes(length),
    });
    void Bun.connect({
      hostname: "127.0.0.1",
      port: url.port,
      socket: {
        binaryType: "uint8array",
        open: (socket) => {
          socket.setNoDelay(true);
          this.#outbox.connect(socket);
          this.#run(this.#session.start(performance.now()));
        },
        data: (_, bytes) => this.#run(this.#session.receive(bytes, performance.now())),
        drain: () => this.#outbox.flush(),
      },
    });
  }

  /** Sends what is due. To be called every few milliseconds. */
  tick(now: number): void {
    if (this.#began === undefined) return;
    for (;;) {
      const tag = this.tags[this.#next] as FlvTag;
      const timestamp = tag.timestamp + this.#round * this.#length;
      if (this.#began + timestamp > now) return;
      this.#run(this.#session.sendMedia(tag.type as 8 | 9 | 18, timestamp, tag.body));
      this.onSent(tag, performance.now());
      if (++this.#next === this.tags.length) {
        this.#next = 0;
        this.#round++;
      }
    }
  }

  /** Ends the publish. */
  close(): void {
    this.#began = undefined;
    for (const effect of this.#session.close({ code: "shutdown", message: "measured" })) {
      if (effect.type === "send") this.#outbox.send(effect.bytes);
    }
    this.#outbox.close();
  }

  #run(effects: readonly Effect<RtmpClientEvent>[]): void {
    for (const effect of effects) {
      if (effect.type === "send") this.#outbox.send(effect.bytes);
      else if (effect.type === "event" && effect.event.type === "publishing") this.#began = performance.now();
      else if (effect.type === "close") throw new Error(`publish ended: ${effect.reason.message}`);
    }
  }
}
