import { type Server, startServer } from "../app/server.ts";
import { configSchema } from "../config/schema.ts";
import { ListenError } from "../gateways/listen.ts";
import type { Log } from "../log.ts";

/** For a look at it on this machine, no certificate is made. */
const PLAIN = { https: { listen: [] } };

/**
 * A server with the default configuration but HTTPS, for a demo where none runs. When the port for HTTP is taken it takes another.
 * @throws Error when it cannot listen, in words for the user
 */
export async function startDemoServer(log: Log): Promise<Server> {
  try {
    return await startServer(configSchema.parse(PLAIN), { log });
  } catch (error) {
    if (!(error instanceof ListenError && error.protocol === "http" && error.code === "address-in-use")) throw error;
    return startServer(configSchema.parse({ ...PLAIN, http: { listen: 0 } }), { log });
  }
}
