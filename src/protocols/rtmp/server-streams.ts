import { HeldMessages } from "./held-messages.ts";
import type { RtmpMessage } from "./message.ts";
import type { StreamPath } from "./stream-path.ts";

export type ServerStream = {
  /** Message stream id. */
  readonly id: number;
  /** Number of the publish or play on it; another one has another number. */
  use: number;
  /** `requested`: a publish that waits for its answer; `asked`: a play that does. */
  state: "created" | "requested" | "publishing" | "asked" | "playing";
  /** The name as the client gave it. */
  name: string;
  target: StreamPath | undefined;
  /** What is played is a file. */
  isFile: boolean;
  /** What came before the answer: media of a publish, commands of a play. */
  held: HeldMessages;
};

/** The message streams of one connection (RTMP 1.0 7.2.1.3). */
export class ServerStreams {
  readonly #streams = new Map<number, ServerStream>();
  #lastId = 0;
  #lastUse = 0;
  #active = 0;

  constructor(private readonly limit: number) {}

  /** True while there is a publish or a play. */
  get active(): boolean {
    return this.#active > 0;
  }

  /** True while a publish is requested or accepted. */
  get publishing(): boolean {
    for (const stream of this.#streams.values()) if (takesMedia(stream)) return true;
    return false;
  }

  get(id: number): ServerStream | undefined {
    return this.#streams.get(id);
  }

  /** The stream of a publish or play that has not ended. */
  ofUse(use: number): ServerStream | undefined {
    for (const stream of this.#streams.values()) {
      if (stream.state !== "created" && stream.use === use) return stream;
    }
    return undefined;
  }

  /** A stream with an id of its own, from 1; undefined when there are too many. */
  create(): ServerStream | undefined {
    do this.#lastId++;
    while (this.#streams.has(this.#lastId));
    return this.#add(this.#lastId);
  }

  /** Notes a request to publish; makes the stream when the client did not ask for one. Undefined when there are too many. */
  request(id: number, name: string, target: StreamPath): ServerStream | undefined {
    return this.#use(id, "requested", name, target);
  }

  /** Notes a request to play; otherwise as `request`. */
  play(id: number, name: string, target: StreamPath): ServerStream | undefined {
    return this.#use(id, "asked", name, target);
  }

  #use(id: number, state: ServerStream["state"], name: string, target: StreamPath): ServerStream | undefined {
    const stream = this.#streams.get(id) ?? this.#add(id);
    if (!stream) return undefined;
    stream.state = state;
    stream.use = ++this.#lastUse;
    stream.name = name;
    stream.target = target;
    stream.isFile = false;
    this.#active++;
    return stream;
  }

  /** The stream a media message belongs to: clients that get the id wrong mean the only one there is. */
  forMedia(id: number): ServerStream | undefined {
    const stream = this.#streams.get(id);
    if (stream && takesMedia(stream)) return stream;
    if (this.#active !== 1) return undefined;
    for (const other of this.#streams.values()) if (takesMedia(other)) return other;
    return undefined;
  }

  /** The stream published or played under this name, as the client wrote it. */
  named(name: string): ServerStream | undefined {
    for (const stream of this.#streams.values()) {
      if (stream.state !== "created" && stream.name === name) return stream;
    }
    return undefined;
  }

  /** Returns what was held. */
  accept(stream: ServerStream): readonly RtmpMessage[] {
    stream.state = "publishing";
    return stream.held.take();
  }

  /** Returns what was held. */
  acceptPlay(stream: ServerStream): readonly RtmpMessage[] {
    stream.state = "playing";
    return stream.held.take();
  }

  end(stream: ServerStream, remove: boolean): void {
    if (stream.state !== "created") this.#active--;
    stream.state = "created";
    stream.target = undefined;
    stream.held.take();
    if (remove) this.#streams.delete(stream.id);
  }

  #add(id: number): ServerStream | undefined {
    if (this.#streams.size >= this.limit) return undefined;
    const stream: ServerStream = {
      id,
      use: 0,
      state: "created",
      name: "",
      target: undefined,
      isFile: false,
      held: new HeldMessages(),
    };
    this.#streams.set(id, stream);
    return stream;
  }
}

function takesMedia({ state }: ServerStream): boolean {
  return state === "requested" || state === "publishing";
}
