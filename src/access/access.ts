import { AddressList } from "../gateways/address-list.ts";
import type { Admission, AdmissionTarget, PlayRange, Verdict } from "../streams/admission.ts";
import type { Client } from "../streams/client.ts";
import type { AccessRules } from "./config.ts";

type Kind = "publish" | "play";
type Rule = { readonly allows: boolean; readonly addresses: AddressList; readonly for: Kind | undefined };

/** Rules of a configuration, made ready once. */
const compiled = new WeakMap<AccessRules, readonly Rule[]>();

/** Whether the rules let an address do this: the first that is about it decides. */
export function mayEnter(rules: AccessRules, kind: Kind, address: string): boolean {
  if (rules.length === 0) return true;
  let list = compiled.get(rules);
  if (!list) compiled.set(rules, (list = rules.map(compile)));
  const rule = list.find((one) => (one.for ?? kind) === kind && one.addresses.has(address));
  return rule?.allows ?? true;
}

function compile({ allow, deny, for: kind }: AccessRules[number]): Rule {
  const networks = [allow, deny].flatMap((text) => text ?? []);
  return { allows: deny === undefined, addresses: new AddressList(networks), for: kind };
}

/** Asks the rules of an application first, and whom they let in then `next`. */
export class AccessAdmission implements Admission {
  /** @param rulesOf of the application that this is; undefined when there is none */
  constructor(
    private readonly rulesOf: (app: string) => AccessRules | undefined,
    private readonly next: Admission,
  ) {}

  connect(client: Client): Verdict | Promise<Verdict> {
    return this.next.connect(client);
  }

  publish(client: Client, target: AdmissionTarget): Verdict | Promise<Verdict> {
    return this.#refusal("publish", client, target) ?? this.next.publish(client, target);
  }

  play(client: Client, target: AdmissionTarget, range: PlayRange): Verdict | Promise<Verdict> {
    return this.#refusal("play", client, target) ?? this.next.play(client, target, range);
  }

  #refusal(kind: Kind, { address }: Client, { app }: AdmissionTarget): Verdict | undefined {
    if (mayEnter(this.rulesOf(app) ?? [], kind, address)) return undefined;
    return { type: "deny", reason: `this address may not ${kind} here` };
  }
}
