import { isReached } from "./application.ts";
import type { KeyPath } from "./mistake.ts";
import type { Config } from "./schema.ts";
import { formatListen, type ListenAddress } from "./units.ts";

type Report = (path: KeyPath, message: string, hint: string) => void;

/** Finds applications that nobody reaches by RTMP, and those that cannot be told apart. */
export function checkRtmpNames(config: Config, conflict: Report, notice: Report): void {
  const everywhere = [...config.rtmp.listen, ...config.rtmps.listen];
  const known: { readonly key: string; readonly name: string; readonly listen: readonly ListenAddress[] }[] = [];
  for (const [key, { rtmp }] of Object.entries(config.applications)) {
    const path = ["applications", key, "rtmp"];
    for (const [index, address] of (rtmp.listen ?? []).entries()) {
      if (isReached(everywhere, address)) continue;
      const message = `nothing listens at ${formatListen(address)}`;
      notice([...path, "listen", index], message, "write it as in rtmp.listen or rtmps.listen");
    }
    const name = rtmp.name ?? key;
    const listen = rtmp.listen ?? everywhere;
    const other = known.find((one) => one.name === name && one.listen.some((address) => isReached(listen, address)));
    if (other) {
      const message = `"${other.key}" is called "${name}" at the same address`;
      conflict(path, message, "give them other names, or addresses of their own by listen");
    }
    known.push({ key, name, listen });
  }
}
