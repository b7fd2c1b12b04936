import { createHash, timingSafeEqual } from "node:crypto";
import { AddressList } from "../gateways/address-list.ts";
import type { ApiConfig } from "./config.ts";

/** What is known of who asks. */
export type ApiCaller = {
  readonly address: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
};

/** Why somebody is not let in: 401 asks for a token, 403 would take none. */
export type ApiRefusal = { readonly status: 401 | 403; readonly detail: string };

const LOCAL_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/** Lets callers in by token, or by address. */
export class ApiGuard {
  readonly #allowed: AddressList;
  readonly #token: Buffer | undefined;

  constructor({ token, allow }: ApiConfig) {
    this.#allowed = new AddressList(allow);
    this.#token = token === undefined ? undefined : digest(token);
  }

  /** Undefined when the caller is let in. */
  refuse({ address, headers }: ApiCaller): ApiRefusal | undefined {
    const [, token] = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? "") ?? [];
    if (token !== undefined) {
      if (this.#token && timingSafeEqual(digest(token), this.#token)) return undefined;
      return { status: 401, detail: "the token is wrong" };
    }
    if (!this.#allowed.has(address)) {
      return this.#token
        ? { status: 401, detail: "send the token: Authorization: Bearer TOKEN" }
        : { status: 403, detail: "your address is not in api.allow, and there is no api.token" };
    }
    // A proxy's address is not that of who asks.
    if (headers.forwarded !== undefined || headers["x-forwarded-for"] !== undefined) {
      return { status: this.#token ? 401 : 403, detail: "requests by a proxy need api.token" };
    }
    // A page of another site, which a browser on an allowed machine shows, comes from that machine's address.
    const { origin, host = "" } = headers;
    const isOwnPage = origin === undefined || origin.replace(/^https?:\/\//, "") === host;
    const isOwnName = !isLoopback(address) || LOCAL_HOST.test(host);
    if (!isOwnPage || !isOwnName) {
      return { status: 403, detail: "a request that a page of another site may have made needs api.token" };
    }
    return undefined;
  }
}

const LOOPBACK = new AddressList(["127.0.0.0/8", "::1"]);
const isLoopback = (address: string | undefined): boolean => LOOPBACK.has(address);
/** Of the same length whatever the text. */
const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
