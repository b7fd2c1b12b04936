import { findApplication } from "../config/application.ts";
import type { Config } from "../config/schema.ts";
import { OperatorDesk } from "../control/operator.ts";
import { TrafficMeter } from "../control/traffic.ts";
import type { NamedApplication, World } from "../control/world.ts";
import type { Operator } from "../gateways/http/operator.ts";

/** How often traffic is measured. */
const SAMPLE_MS = 2000;

export type ControlOptions = Omit<World, "pid" | "servers"> & { readonly config: () => Config };

/** Statistics and orders for who runs the server. */
export class ControlModule {
  readonly operator: Operator;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(options: ControlOptions) {
    const { sessions, config } = options;
    const traffic = new TrafficMeter(sessions);
    sessions.observe(traffic.observer);
    this.#timer = setInterval(() => traffic.sample(options.now()), SAMPLE_MS);
    this.#timer.unref();
    const servers = () => serversOf(config(), [...new Set(sessions.list.map(({ target }) => target.app))]);
    const desk = new OperatorDesk({ ...options, pid: process.pid, servers }, traffic, () => config().api);
    this.operator = (question) => desk.answer(question);
  }

  /** Harmless when called twice. */
  close(): void {
    clearInterval(this.#timer);
  }
}

/**
 * Applications by the addresses that they are reached at, in the order of the configuration, as nginx has its servers.
 * @param used names of applications that somebody uses, those of `*` among them
 */
function serversOf({ applications }: Config, used: readonly string[]): readonly (readonly NamedApplication[])[] {
  const own = Object.keys(applications).filter((key) => key !== "*");
  const others = used.filter((key) => !own.includes(key));
  const named = [...own, ...others].flatMap((key) => {
    const found = findApplication(applications, key);
    if (!found) return [];
    const { live, files, rtmp } = found;
    return [{ key, name: rtmp.name ?? key, live, files: files.from.length > 0, listen: JSON.stringify(rtmp.listen) }];
  });
  const servers = [...Map.groupBy(named, ({ listen }) => listen).values()];
  return servers.length > 0 ? servers : [[]];
}
