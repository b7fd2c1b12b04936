import type { Millis } from "../../media/time.ts";
import type { ConnectRequest } from "../../protocols/rtmp/capabilities.ts";
import { parseApplication } from "../../protocols/rtmp/stream-path.ts";
import { type Admission, type AdmissionTarget, type Redirect, renamed, type Verdict } from "../../streams/admission.ts";
import type { Client } from "../../streams/client.ts";

export type GateOptions = {
  readonly remote: string;
  readonly client: Pick<Client, "id" | "protocol" | "address" | "port">;
  /** The application that this client calls so; undefined when there is none for it. */
  readonly applicationOf: (name: string) => string | undefined;
  readonly admission: Admission;
  /** Without, a redirected publish or play is refused. */
  readonly redirect?: Redirect;
};

/** What becomes of a publish or play. */
export type Decision =
  | {
      readonly type: "admitted";
      readonly target: AdmissionTarget;
      /** Sends the stream on, or fetches it; undefined where it is not redirected. */
      readonly relay?: () => void;
    }
  | { readonly type: "refused"; readonly reason: string };

/** Lets one client in, and to what it asks for. */
export class Gate {
  constructor(private readonly options: GateOptions) {}

  /** The client that introduces itself so, and whether it is let in. */
  connect(
    { app, agent, swfUrl, tcUrl, pageUrl }: ConnectRequest,
    connectedAt: Millis,
  ): { readonly client: Client; readonly verdict: Verdict | Promise<Verdict> } {
    const { client: from, remote, admission } = this.options;
    const named = parseApplication({ app, tcUrl });
    const client = { ...from, ...named, remote, connectedAt, flashVer: agent, swfUrl, tcUrl, pageUrl };
    return { client, verdict: admission.connect(client) };
  }

  /** The same in the application that this client means; undefined when there is none. */
  locate({ app, name, path, query }: AdmissionTarget): AdmissionTarget | undefined {
    const key = this.options.applicationOf(app);
    if (key === undefined) return undefined;
    return { app: key, name, path: key === app ? path : `${key}/${name}`, query };
  }

  /** What a verdict means for what the client asked for. */
  decide(kind: "publish" | "play", client: Client, asked: AdmissionTarget, verdict: Verdict): Decision {
    if (verdict.type === "deny") return { type: "refused", reason: verdict.reason };
    const { redirect } = this.options;
    if (verdict.type === "redirect" && !redirect) return { type: "refused", reason: "it is at another server" };
    const target = verdict.type === "allow" || verdict.name === undefined ? asked : renamed(asked, verdict.name);
    if (verdict.type !== "redirect") return { type: "admitted", target };
    return { type: "admitted", target, relay: () => redirect?.({ client, kind, target, url: verdict.url }) };
  }
}
