import { availableParallelism } from "node:os";
import type { ListenAddress } from "../config/units.ts";
import {
  flvSource,
  type HttpGateway,
  type HttpGatewayOptions,
  SWEEP_MS,
  startHttpGateway,
} from "../gateways/http/gateway.ts";
import { listenHttp, listenHttps } from "../gateways/http/listen.ts";
import { LocalSource } from "../gateways/http/local-source.ts";
import { type Serving, toServing } from "../gateways/http/serving.ts";
import { Viewers } from "../gateways/http/viewers.ts";
import { ListenerSet } from "../gateways/listener-set.ts";
import { DeliveryThread } from "./delivery-thread.ts";

/**
 * Serves viewers, in this thread or in as many others as the configuration says.
 * @throws ListenError when an address cannot be had; then none is kept
 */
export async function startDelivery(options: HttpGatewayOptions): Promise<HttpGateway> {
  const { threads } = options.config;
  if (process.platform !== "linux") {
    if (threads !== undefined && threads > 0)
      options.log.warn("http.threads is for Linux only; one thread serves viewers");
    return startHttpGateway(options);
  }
  const count = threads ?? threadsFor(availableParallelism());
  return count === 0 ? startHttpGateway(options) : startThreads(options, count);
}

/** Threads beside the main one. With two cores the second helps less than a hop between threads costs. */
export function threadsFor(cores: number): number {
  return cores <= 2 ? 0 : Math.min(cores - 1, MAX_THREADS);
}

const MAX_THREADS = 64;

async function startThreads(options: HttpGatewayOptions, threadCount: number): Promise<HttpGateway> {
  const { log, now } = options;
  let serving = toServing(options);
  const viewers = new Viewers();
  const count = (path: string) => viewers.count(path, now()) + (options.plays?.viewers(path) ?? 0);
  const source = new LocalSource({
    ...options,
    viewers: count,
    failed: (error) => log.error("HTTP request failed", { error: String(error) }),
  });
  const flv = flvSource(options);
  const addresses = new ListenerSet((wanted) => probe(listenHttp(wanted, NOBODY)));
  const secureAddresses = new ListenerSet((wanted) =>
    serving.secure ? probe(listenHttps(wanted, NOBODY, serving.secure)) : [],
  );
  const take = (next: Serving): void => {
    const before = addresses.wanted;
    addresses.set(next.listen);
    try {
      serving = next;
      secureAddresses.set(next.secure?.listen ?? []);
    } catch (error) {
      addresses.set(before);
      throw error;
    }
  };
  take(serving);
  const seen = (path: string, viewer: number) => viewers.saw(path, viewer, now());
  const serve = () => ({
    ...serving,
    config: shareOf(serving.config, threadCount),
    listen: addresses.addresses,
    secure: serving.secure && { ...serving.secure, listen: secureAddresses.addresses },
  });
  const threads = Array.from({ length: threadCount }, () => new DeliveryThread({ source, flv, seen, serve, log }));

  const sweep = setInterval(() => {
    source.sweep(now());
    viewers.sweep(now());
  }, SWEEP_MS);
  sweep.unref();
  const close = async () => {
    clearInterval(sweep);
    await Promise.all(threads.map((thread) => thread.close()));
  };
  try {
    await Promise.all(threads.map((thread) => thread.start()));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    get addresses() {
      return addresses.addresses;
    },
    get secureAddresses() {
      return secureAddresses.addresses;
    },
    viewers: count,
    async reload(next) {
      take(toServing(next));
      await Promise.all(threads.map((thread) => thread.reload()));
    },
    close,
  };
}

/** Limits are for the whole server. */
function shareOf(config: HttpGatewayOptions["config"], count: number): HttpGatewayOptions["config"] {
  return { ...config, maxWaiting: Math.ceil(config.maxWaiting / count) };
}

const NOBODY = {
  fetch: () => new Response(null, { status: 503 }),
  failed: () => new Response(null, { status: 503 }),
};

/**
 * Listens for a moment, alone: threads share an address with whoever shares it, so that one which another program has would not
 * be noticed; and a port 0 must be the same one for all.
 */
function probe(listeners: readonly { readonly address: ListenAddress; close(): unknown }[]) {
  return listeners.map((listener) => {
    void listener.close();
    return { address: listener.address, close: () => {} };
  });
}
