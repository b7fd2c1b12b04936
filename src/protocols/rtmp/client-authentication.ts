export type Credentials = { readonly user: string; readonly password: string };

export type AuthenticationOptions = {
  readonly credentials: Credentials | undefined;
  /** Of the connect command, without a query; the digest of llnw covers it. */
  readonly app: string;
  /** What the digest of llnw names; servers check a publish's. */
  readonly method: "publish" | "play";
  readonly md5: (text: string) => Uint8Array;
  readonly random: (length: number) => Uint8Array;
};

/** What a refused connect asks for. */
export type AuthenticationStep =
  /** Connect anew, with this behind app and tcUrl. */
  | { readonly type: "retry"; readonly query: string }
  /** The refusal has nothing to do with authentication. */
  | { readonly type: "unrelated" }
  | { readonly type: "failed"; readonly reason: string };

/** Longest of what a server says of itself and is repeated to it. */
const MAX_VALUE = 512;

/**
 * The dialogue of authentication in which a server refuses connect commands, and says in the description what the next one must
 * bear: `authmod=adobe` (Adobe Media Server's add-in) and `authmod=llnw` (Limelight, a digest as HTTP's, RFC 2617 3.2.2).
 * One for all connections of a dialogue.
 */
export class ClientAuthentication {
  #answered = false;
  #query = "";

  constructor(private readonly options: AuthenticationOptions) {}

  /** What belongs behind app and tcUrl now; empty, or begins with `?`. */
  get query(): string {
    return this.#query;
  }

  /** @param description of the refusal */
  refused(description: string): AuthenticationStep {
    const module = /authmod=(adobe|llnw)/.exec(description)?.[1];
    if (module === undefined) return { type: "unrelated" };
    const { credentials } = this.options;
    if (!credentials) return failed("the server wants a user and a password, and the URL has none");
    const asked = new URLSearchParams(/:\s*\?(.*)$/s.exec(description)?.[1]?.trim() ?? "");
    const reason = asked.get("reason");
    if (reason === "nosuchuser") return failed("the server does not know the user");
    if (reason === "authfailed" || this.#answered) return failed("the server does not take the user and the password");
    if (reason === "needauth") {
      this.#answered = true;
      return this.#retry(module === "adobe" ? this.#adobe(credentials, asked) : this.#llnw(credentials, asked));
    }
    if (this.#query !== "") return failed("the server does not take the user and the password");
    return this.#retry({ authmod: module, user: credentials.user });
  }

  #retry(values: Readonly<Record<string, string>>): AuthenticationStep {
    // Servers compare the values as they are written, and base64 is not for a form.
    const pairs = Object.entries(values).map(([name, value]) => `${name}=${name === "user" ? plain(value) : value}`);
    this.#query = `?${pairs.join("&")}`;
    return { type: "retry", query: this.#query };
  }

  #adobe({ user, password }: Credentials, asked: URLSearchParams): Record<string, string> {
    const salt = valueIn(asked, "salt");
    const opaque = valueIn(asked, "opaque");
    const challenge = hex(this.options.random(4));
    const secret = this.#base64(user + salt + password);
    const response = this.#base64(secret + (opaque || valueIn(asked, "challenge")) + challenge);
    return { authmod: "adobe", user, challenge, response, ...(opaque === "" ? {} : { opaque }) };
  }

  #llnw({ user, password }: Credentials, asked: URLSearchParams): Record<string, string> {
    const { app, method, md5, random } = this.options;
    const nonce = valueIn(asked, "nonce");
    const cnonce = hex(random(4));
    const nc = "00000001";
    const digest = (text: string) => hex(md5(text));
    const secret = digest(`${user}:live:${password}`);
    const resource = digest(`${method}:/${app.includes("/") ? app : `${app}/_definst_`}`);
    const response = digest(`${secret}:${nonce}:${nc}:${cnonce}:auth:${resource}`);
    return { authmod: "llnw", user, nonce, cnonce, nc, response };
  }

  #base64(text: string): string {
    return btoa(String.fromCharCode(...this.options.md5(text)));
  }
}

function failed(reason: string): AuthenticationStep {
  return { type: "failed", reason };
}

/** As it was written: a `+` is one, and not a space. */
function valueIn(asked: URLSearchParams, name: string): string {
  return (asked.get(name) ?? "").replaceAll(" ", "+").slice(0, MAX_VALUE);
}

function plain(value: string): string {
  return value.replace(/[&?#%\s]/g, (character) => encodeURIComponent(character));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
