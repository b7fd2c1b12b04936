import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { ByteReader } from "../../../src/bytes/reader.ts";
import { encodeAmf0 } from "../../../src/formats/amf/amf0.ts";
import type { AmfValue } from "../../../src/formats/amf/value.ts";
import { type FlvTag, readTag, TagType } from "../../../src/formats/flv/tag.ts";
import { type RtmpClientEvent, RtmpClientSession } from "../../../src/protocols/rtmp/client-session.ts";
import type { Effect } from "../../../src/protocols/session.ts";
import { Outbox } from "../outbox.ts";
import { sleep } from "../process.ts";

/** The tags of an FLV file. */
export function readFlv(file: string): FlvTag[] {
  const reader = new ByteReader(readFileSync(file));
  reader.skip(9 + 4);
  const tags: FlvTag[] = [];
  while (reader.left > 15) tags.push(readTag(reader));
  return tags;
}

export type ScriptedPublisherOptions = {
  readonly port: number;
  /** Application and key, e.g. `live/test`. */
  readonly path: string;
  /** Played in real time, again and again. */
  readonly tags: readonly FlvTag[];
  /** Stamp of what is sent first, in milliseconds. Stamps go out modulo 2^32. */
  readonly firstStamp?: number;
};

const SEND_EVERY_MS = 10;
/** Between the last tag of a clip and the first of the next round. */
const FRAME_MS = 40;

/** An encoder that does what no real one can be told to: its stamps jump, its sound stops, its keyframes stay away. */
export class ScriptedPublisher implements AsyncDisposable {
  /** False: pictures only. */
  audio = true;
  /** When media was sent last; milliseconds since the Unix epoch. */
  lastSentAt = 0;
  /** When the server accepted; milliseconds since the Unix epoch. */
  beganAt = 0;
  readonly #outbox = new Outbox();
  readonly #session: RtmpClientSession;
  readonly #begun = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<string>();
  #tags: readonly FlvTag[];
  #following: readonly FlvTag[] | undefined;
  #index = 0;
  /** Monotonic time, and stamp on the wire, of the tag whose own stamp is 0. */
  #origin = 0;
  #stampOrigin: number;
  #over = false;

  private constructor(options: ScriptedPublisherOptions) {
    const [app = "", ...name] = options.path.split("/");
    this.#tags = options.tags;
    this.#stampOrigin = options.firstStamp ?? 0;
    this.#session = new RtmpClientSession({
      app,
      name: name.join("/"),
      tcUrl: `rtmp://127.0.0.1:${options.port}/${app}`,
      random: (length) => randomBytes(length),
    });
  }

  /** Connects and begins to send. @throws when the server is not there or refuses */
  static async publish(options: ScriptedPublisherOptions): Promise<ScriptedPublisher> {
    const publisher = new ScriptedPublisher(options);
    await publisher.#open(options.port);
    return publisher;
  }

  /** Settles when the connection is over, with the reason. */
  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  /** The stamp that is due now, in milliseconds and not yet modulo 2^32. */
  get stamp(): number {
    return this.#stampOrigin + performance.now() - this.#origin;
  }

  /** From now on all stamps are `ms` later; negative is earlier. */
  jump(ms: number): void {
    this.#stampOrigin += ms;
  }

  /** Goes on with another clip at the next keyframe. */
  playNext(tags: readonly FlvTag[]): void {
    this.#following = tags;
  }

  /** Sends a data message, as it is due now. */
  say(...values: readonly AmfValue[]): void {
    this.#run(this.#session.sendMedia(TagType.script, Math.round(this.stamp) % 2 ** 32, encodeAmf0(...values)));
  }

  /** Ends the connection without a word, as a killed encoder. */
  abort(): void {
    this.#over = true;
    this.#outbox.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#over) return;
    this.#run(this.#session.close({ code: "shutdown", message: "the script is over" }));
    this.#over = true;
  }

  async #open(port: number): Promise<void> {
    await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        binaryType: "uint8array",
        open: (socket) => {
          socket.setNoDelay(true);
          this.#outbox.connect(socket);
          this.#run(this.#session.start(performance.now()));
        },
        data: (_, bytes) => this.#run(this.#session.receive(bytes, performance.now())),
        drain: () => this.#outbox.flush(),
        close: () => this.#end("the connection was closed"),
        error: (_, error) => this.#end(error.message),
      },
    });
    await this.#begun.promise;
    this.beganAt = Date.now();
    this.#origin = performance.now();
    void this.#send();
  }

  async #send(): Promise<void> {
    for (; !this.#over; await sleep(SEND_EVERY_MS)) {
      for (let tag = this.#due(); tag && !this.#over; tag = this.#due()) {
        this.#index++;
        if (tag.type === TagType.audio && !this.audio) continue;
        const stamp = this.#stampOrigin + tag.timestamp;
        this.#run(this.#session.sendMedia(tag.type as 8 | 9 | 18, stamp % 2 ** 32, tag.body));
        this.lastSentAt = Date.now();
      }
    }
  }

  #due(): FlvTag | undefined {
    const tag = this.#tags[this.#index];
    const elapsed = performance.now() - this.#origin;
    if (tag && tag.timestamp > elapsed) return undefined;
    if (tag && !(this.#following && isKeyframe(tag))) return tag;
    const length = tag?.timestamp ?? (this.#tags.at(-1)?.timestamp ?? 0) + FRAME_MS;
    this.#origin += length;
    this.#stampOrigin += length;
    this.#tags = this.#following ?? this.#tags;
    this.#following = undefined;
    this.#index = 0;
    return elapsed >= length ? this.#tags[0] : undefined;
  }

  #run(effects: readonly Effect<RtmpClientEvent>[]): void {
    for (const effect of effects) {
      if (effect.type === "send") this.#outbox.send(effect.bytes);
      else if (effect.type === "close") this.#end(effect.reason.message);
      else if (effect.event.type === "publishing") this.#begun.resolve();
    }
  }

  #end(reason: string): void {
    this.#over = true;
    this.#outbox.close();
    this.#begun.reject(new Error(reason));
    this.#ended.resolve(reason);
  }
}

/** Frame type 1 and not a sequence header (FLV 10.1 E.4.3.1). */
function isKeyframe(tag: FlvTag): boolean {
  return tag.type === TagType.video && (tag.body[0] ?? 0) >> 4 === 1 && tag.body[1] === 1;
}
