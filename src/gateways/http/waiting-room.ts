import type { PreparedAnswer } from "./prepared-answer.ts";
import type { SharedAnswer } from "./shared-answer.ts";

/** Requests that wait, all together and, once half of the places are taken, by address: nobody may take all that is left. */
export class WaitingRoom {
  #size = 0;
  readonly #byAddress = new Map<string, number>();

  constructor(private readonly limits: { readonly maxWaiting: number; readonly maxWaitingPerAddress: number }) {}

  get size(): number {
    return this.#size;
  }

  /** Whether addresses count. Asking for one costs as much as a tenth of a request. */
  get isCrowded(): boolean {
    return this.#size >= this.limits.maxWaiting / 2;
  }

  /** Lets a request in, or says why not; who was let in has to leave. */
  enter(address: string | undefined): (SharedAnswer & { readonly kind: "error" }) | undefined {
    if (this.#size >= this.limits.maxWaiting) return refusal("too many viewers are waiting");
    if (address !== undefined && !isOwnNetwork(address)) {
      const waiting = this.#byAddress.get(address) ?? 0;
      if (waiting >= this.limits.maxWaitingPerAddress) return refusal("too many requests of your address are waiting");
      this.#byAddress.set(address, waiting + 1);
    }
    this.#size++;
    return undefined;
  }

  leave(address: string | undefined): void {
    this.#size--;
    const waiting = address === undefined ? undefined : this.#byAddress.get(address);
    if (address === undefined || waiting === undefined) return;
    if (waiting === 1) this.#byAddress.delete(address);
    else this.#byAddress.set(address, waiting - 1);
  }
}

/** A request that is held until its answer is there, or its client has gone. */
export class WaitingRequest {
  #settled = false;

  constructor(
    private readonly request: Request,
    private readonly resolve: (response: Response) => void,
    private readonly leave: () => void,
    private readonly seen: (() => void) | undefined,
  ) {}

  /** From now on it leaves when its client goes. */
  watch(): void {
    if (this.request.signal.aborted) this.handleEvent();
    else this.request.signal.addEventListener("abort", this, { once: true });
  }

  /** An answer that cannot be made becomes what `failed` says. */
  answer(answer: PreparedAnswer, failed: (error: unknown) => Response): void {
    if (this.#settled) return;
    this.#settled = true;
    this.leave();
    try {
      if (answer.status === 200) this.seen?.();
      this.resolve(answer.respondLater(this.request));
    } catch (error) {
      this.resolve(failed(error));
    }
  }

  /** The client has gone. */
  handleEvent(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.leave();
    this.resolve(new Response(null, { status: 499 }));
  }
}

/** A proxy of one's own stands for all of its viewers. */
function isOwnNetwork(address: string): boolean {
  return OWN_NETWORKS.test(address.replace(/^::ffff:/i, ""));
}

/** Loopback, private (RFC 1918), link-local and unique local addresses (RFC 4193). */
const OWN_NETWORKS =
  /^(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|::1$|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:)/i;

function refusal(reason: string): SharedAnswer & { readonly kind: "error" } {
  return { kind: "error", status: 503, reason, cacheControl: "no-store", retryAfter: 1 };
}
