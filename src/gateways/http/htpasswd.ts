import { createHash, timingSafeEqual } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import apacheMd5 from "apache-md5";
import { verify as verifyShaCrypt } from "unixcrypt";

/** Answers remembered, so that a player's many requests cost one computation. */
const MAX_REMEMBERED = 1000;
/** Longest `Authorization` read. */
const MAX_HEADER = 1024;
/** How often the file is looked at. */
const LOOK_MS = 1000;

/**
 * A file of names and hashed passwords as nginx's auth_basic_user_file: bcrypt, apr1, SHA-256 and SHA-512 crypt, `{SHA}`, `{SSHA}`,
 * `{PLAIN}`. The file is read again when it changes; one that cannot be read lets nobody in.
 */
export class Htpasswd {
  #users: ReadonlyMap<string, string> = new Map();
  #version = "";
  #lookAt = 0;
  readonly #remembered = new Map<string, boolean>();

  constructor(
    private readonly file: string,
    private readonly failed: (message: string) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Whether a value of `Authorization` (RFC 7617) bears a name and its password. Never rejects. */
  async knows(header: string | null): Promise<boolean> {
    const match = header !== null && header.length <= MAX_HEADER ? /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(header) : null;
    const text = Buffer.from(match?.[1] ?? "", "base64").toString();
    const colon = text.indexOf(":");
    if (colon < 0) return false;
    await this.#read();
    const hash = this.#users.get(text.slice(0, colon));
    if (hash === undefined) return false;
    const key = createHash("sha256").update(`${hash}\n${text}`).digest("base64");
    const known = this.#remembered.get(key);
    if (known !== undefined) return known;
    const is = await verifyPassword(text.slice(colon + 1), hash).catch(() => false);
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(key, is);
    return is;
  }

  async #read(): Promise<void> {
    const now = this.now();
    if (now < this.#lookAt) return;
    this.#lookAt = now + LOOK_MS;
    try {
      const { mtimeMs, size } = await stat(this.file);
      const version = `${mtimeMs} ${size}`;
      if (version === this.#version) return;
      this.#users = parseHtpasswd(await readFile(this.file, "utf8"));
      this.#version = version;
      this.#remembered.clear();
    } catch (error) {
      if (this.#version !== "failed") this.failed(`${this.file} cannot be read, nobody is let in: ${String(error)}`);
      this.#version = "failed";
      this.#users = new Map();
    }
  }
}

/** `name:hash[:comment]` on each line. */
export function parseHtpasswd(text: string): ReadonlyMap<string, string> {
  const users = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    if (line === "" || line.startsWith("#")) continue;
    const [name = "", hash = ""] = line.split(":");
    // nginx takes the first of a name.
    if (name !== "" && hash !== "" && !users.has(name)) users.set(name, hash);
  }
  return users;
}

/** False for a form that is not known. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  if (/^\$2[aby]\$/.test(hash)) return Bun.password.verify(password, hash, "bcrypt");
  if (/^\$[56]\$/.test(hash)) return verifyShaCrypt(password, hash);
  if (hash.startsWith("$apr1$")) return isSame(apacheMd5(password, hash), hash);
  if (hash.startsWith("{PLAIN}")) return isSame(password, hash.slice("{PLAIN}".length));
  if (hash.startsWith("{SHA}")) return isSame(sha1(password, Buffer.alloc(0)), hash.slice("{SHA}".length));
  if (hash.startsWith("{SSHA}")) {
    const salt = Buffer.from(hash.slice("{SSHA}".length), "base64").subarray(20);
    return isSame(sha1(password, salt), hash.slice("{SSHA}".length));
  }
  return false;
}

const sha1 = (password: string, salt: Buffer): string =>
  Buffer.concat([createHash("sha1").update(password).update(salt).digest(), salt]).toString("base64");

function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
