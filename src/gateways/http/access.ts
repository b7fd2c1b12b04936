import { AddressList } from "../address-list.ts";
import type { HttpAccess } from "./config.ts";
import { Htpasswd } from "./htpasswd.ts";
import type { Responses } from "./responses.ts";

type Rule = { readonly allow: boolean; readonly addresses: AddressList };

/** Lets requests in by address and by name and password, as nginx's access and auth_basic modules do. */
export class AccessGate {
  readonly #rules: readonly Rule[];
  readonly #users: Htpasswd | undefined;

  constructor(
    private readonly config: HttpAccess,
    private readonly responses: Responses,
    failed: (message: string) => void,
  ) {
    this.#rules = config.rules.map(({ allow, deny = "all" }) => ({
      allow: allow !== undefined,
      addresses: new AddressList([allow ?? deny]),
    }));
    this.#users = config.users === undefined ? undefined : new Htpasswd(config.users, failed);
  }

  /** The refusal; undefined when the request is let in. Not a promise where no password is asked for. */
  refuse(request: Request, address: string | undefined): Response | undefined | Promise<Response | undefined> {
    const rule = this.#rules.find(({ addresses }) => addresses.has(address));
    const isAllowed = rule?.allow ?? true;
    const forbidden = () => this.responses.text(403, "your address is not let in here");
    const users = this.#users;
    if (!users) return isAllowed ? undefined : forbidden();
    const { satisfy, realm } = this.config;
    // An address that no rule names is not let in by its address alone.
    if (satisfy === "any" && rule?.allow) return undefined;
    if (satisfy === "all" && !isAllowed) return forbidden();
    return users.knows(request.headers.get("authorization")).then((known) => {
      if (known) return undefined;
      return this.responses.text(401, "name and password are asked for", {
        "www-authenticate": `Basic realm="${realm.replace(/["\\]/g, "\\$&")}"`,
      });
    });
  }
}
