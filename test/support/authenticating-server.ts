import { createHash, createHmac, randomBytes } from "node:crypto";
import type { Socket } from "bun";
import type { RtmpServerEvent } from "../../src/protocols/rtmp/server-event.ts";
import { RtmpServerSession } from "../../src/protocols/rtmp/server-session.ts";
import type { Effect } from "../../src/protocols/session.ts";

export const USER = "editor";
export const PASSWORD = "opensesame9";

const md5 = (text: string, form: "hex" | "base64") => createHash("md5").update(text).digest(form);
const NONCES = { salt: "c2FsdA==", challenge: "Q2hhbGxlbmdl", opaque: "b3Bh+XVl", nonce: "0a1b2c3d" };

/** What a server says to a connect with this query; undefined when it lets the client in. */
export function authenticationRefusal(
  module: "adobe" | "llnw",
  app: string,
  method: "publish" | "play",
): string | undefined {
  const [name = "", query = ""] = app.split("?");
  const given = Object.fromEntries(query.split("&").map((pair) => pair.split(/=(.*)/s).slice(0, 2)));
  const need = `[ AccessManager.Reject ] : [ authmod=${module} ] : ?reason=`;
  if (given.authmod !== module) return `[ AccessManager.Reject ] : [ code=403 need auth; authmod=${module} ] : `;
  if (given.user !== USER) return `${need}nosuchuser`;
  const { salt, challenge, opaque, nonce } = NONCES;
  if (given.response === undefined) {
    const asked = module === "adobe" ? `salt=${salt}&challenge=${challenge}&opaque=${opaque}` : `nonce=${nonce}`;
    return `${need}needauth&user=${USER}&${asked}`;
  }
  const resource = md5(`${method}:/${name.includes("/") ? name : `${name}/_definst_`}`, "hex");
  const secret = md5(`${USER}:live:${PASSWORD}`, "hex");
  const expected =
    module === "adobe"
      ? md5(md5(USER + salt + PASSWORD, "base64") + opaque + given.challenge, "base64")
      : md5(`${secret}:${nonce}:${given.nc}:${given.cnonce}:auth:${resource}`, "hex");
  return given.response === expected ? undefined : `${need}authfailed`;
}

/** An RTMP server that takes every publish of who has the password, and counts media. */
export class AuthenticatingServer implements AsyncDisposable {
  media = 0;
  readonly refusals: string[] = [];
  readonly #listener;

  constructor(module: "adobe" | "llnw") {
    const sessions = new WeakMap<Socket, RtmpServerSession>();
    const run = (socket: Socket, session: RtmpServerSession, effects: readonly Effect<RtmpServerEvent>[]): void => {
      for (const effect of effects) {
        if (effect.type === "send") socket.write(effect.bytes);
        else if (effect.type === "close") socket.end();
        else if (effect.event.type === "media") this.media++;
        else if (effect.event.type === "publishRequested")
          run(socket, session, session.acceptPublish(effect.event.id, performance.now()));
        else if (effect.event.type === "connectRequested") {
          const refusal = authenticationRefusal(module, effect.event.request.app, "publish");
          if (refusal !== undefined) this.refusals.push(refusal);
          const now = performance.now();
          run(socket, session, refusal === undefined ? session.acceptConnect(now) : session.rejectConnect(refusal));
        }
      }
    };
    this.#listener = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        open: (socket) => void sessions.set(socket, new RtmpServerSession(OPTIONS, CRYPTO, performance.now())),
        data: (socket, bytes) => {
          const session = sessions.get(socket);
          if (session) run(socket, session, session.receive(bytes, performance.now()));
        },
      },
    });
  }

  url(password: string): string {
    return `rtmp://${USER}:${password}@127.0.0.1:${this.#listener.port}/live/test`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.stop(true);
  }
}

const CRYPTO = {
  random: (length: number) => new Uint8Array(randomBytes(length)),
  hmacSha256: (key: Uint8Array, message: Uint8Array) =>
    new Uint8Array(createHmac("sha256", key).update(message).digest()),
};

const OPTIONS = {
  chunkSize: 4096,
  ackWindow: 2_500_000,
  maxMessageSize: 10 << 20,
  maxStreams: 4,
  handshakeTimeout: 10_000,
  idleTimeout: 30_000,
  mediaTimeout: 0,
  pingInterval: 0,
};
