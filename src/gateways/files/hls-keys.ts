import { createCipheriv, randomBytes } from "node:crypto";
import { join } from "node:path";
import type { FileSystem } from "./file-system.ts";
import { encodeUri } from "./hls-names.ts";
import type { HlsKey } from "./hls-playlist.ts";

export type HlsKeysOptions = {
  /** Where the keys are written; where the segments are, when left out. */
  readonly path?: string | undefined;
  /** Prefix of a key's address in the playlist. */
  readonly url: string;
  /** A new key every so many segments; 0: one for as long as the stream lives. */
  readonly segments: number;
};

/** Where the keys of a stream lie, and what its playlist calls them. */
export type HlsKeyNames = {
  readonly directory: string;
  file(id: number): string;
  uri(id: number): string;
};

/** As nginx-rtmp names them: NAME-N.key; nested NAME/N.key, where a playlist finds them beside itself. */
export function toKeyNames(
  { path, url }: HlsKeysOptions,
  { directory, nested, name }: { readonly directory: string; readonly nested: boolean; readonly name: string },
): HlsKeyNames {
  const below = nested ? join(path ?? directory, name) : (path ?? directory);
  const uriStem = nested ? (url === "" ? "" : `${encodeUri(name)}/`) : `${encodeUri(name)}-`;
  return {
    directory: below,
    file: (id) => join(below, `${nested ? "" : `${name}-`}${id}.key`),
    uri: (id) => `${url}${uriStem}${id}.key`,
  };
}

type CurrentKey = HlsKey & { readonly bytes: Uint8Array; readonly initial: Uint8Array; used: number };

/** Encrypts segments whole (RFC 8216 4.3.2.4, METHOD=AES-128), as nginx-rtmp: the number of a key's first segment is its IV. */
export class HlsKeys {
  #current: CurrentKey | undefined;

  constructor(
    private readonly names: HlsKeyNames,
    private readonly segments: number,
    private readonly files: FileSystem,
  ) {}

  /** The next segment gets a new key. */
  restart(): void {
    this.#current = undefined;
  }

  /** @param id of the segment @returns what the playlist says of it, and its bytes */
  async encrypt(
    id: number,
    pieces: readonly Uint8Array[],
  ): Promise<{ readonly key: HlsKey; readonly pieces: readonly Uint8Array[] }> {
    const current = await this.#keyOf(id);
    const cipher = createCipheriv("aes-128-cbc", current.bytes, current.initial);
    const encrypted = pieces.map((piece) => cipher.update(piece));
    encrypted.push(cipher.final());
    current.used++;
    return { key: { uri: current.uri, iv: current.iv }, pieces: encrypted };
  }

  /** The file of a key that a playlist lists; undefined when it cannot be one of these. */
  fileOf(uri: string): string | undefined {
    const id = /(\d{1,15})\.key$/.exec(uri)?.[1];
    return id === undefined ? undefined : this.names.file(Number(id));
  }

  async #keyOf(id: number): Promise<CurrentKey> {
    const known = this.#current;
    if (known && (this.segments === 0 || known.used < this.segments)) return known;
    const bytes = randomBytes(16);
    const initial = Buffer.alloc(16);
    initial.writeBigUInt64BE(BigInt(id), 8);
    await this.files.makeDirectory(this.names.directory);
    await this.files.writeFile(this.names.file(id), [bytes]);
    const iv = `0x${initial.toString("hex").toUpperCase()}`;
    this.#current = { uri: this.names.uri(id), iv, bytes, initial, used: 0 };
    return this.#current;
  }
}
