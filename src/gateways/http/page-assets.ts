import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { bundlePages } from "./page-bundle.ts";

/** A file of the pages, ready to send. */
export type PageAsset = {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly gzip: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly etag: string;
};

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  json: "application/json",
};

/** The files of the pages by name; made on the first request, so that starting the server does not wait for them. */
export class PageAssets {
  #loading: Promise<ReadonlyMap<string, PageAsset>> | undefined;
  #files: ReadonlyMap<string, PageAsset> | undefined;

  /** @param load the files by name; called once, and again after it failed */
  constructor(private readonly load: () => Promise<ReadonlyMap<string, Uint8Array<ArrayBuffer>>> = loadPages) {}

  /** At once when they are made: Bun sends what is answered later at several times the cost. */
  get(name: string): PageAsset | undefined | Promise<PageAsset | undefined> {
    return this.#files ? this.#files.get(name) : this.#make().then((files) => files.get(name));
  }

  async #make(): Promise<ReadonlyMap<string, PageAsset>> {
    this.#loading ??= this.load().then(prepare);
    try {
      this.#files = await this.#loading;
      return this.#files;
    } catch (error) {
      this.#loading = undefined;
      throw error;
    }
  }
}

/** Inside an executable the pages are embedded, as `scripts/build-web.ts` wrote them; from source they are bundled here. */
async function loadPages(): Promise<ReadonlyMap<string, Uint8Array<ArrayBuffer>>> {
  if (!Bun.isStandaloneExecutable) return bundlePages();
  const directory = join(import.meta.dir, "web");
  const names = await readdir(directory);
  return new Map(
    await Promise.all(names.map(async (name) => [name, await Bun.file(join(directory, name)).bytes()] as const)),
  );
}

/** Compresses beside the main thread: half a megabyte of script would hold up every stream for tens of milliseconds. */
async function prepare(files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>): Promise<ReadonlyMap<string, PageAsset>> {
  const compress = promisify(gzip);
  const assets = [...files].map(async ([name, bytes]): Promise<[string, PageAsset]> => {
    const type = TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream";
    const etag = `W/"${Bun.hash.xxHash3(bytes).toString(16)}"`;
    return [name, { bytes, gzip: new Uint8Array(await compress(bytes)), type, etag }];
  });
  return new Map(await Promise.all(assets));
}
