import { TemporaryDirectory } from "./directory.ts";

/** A file system of 256 KiB. */
export class SmallDisk implements Disposable {
  readonly #directory = new TemporaryDirectory();

  constructor() {
    const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", this.path]);
    if (!mounted.success) throw new Error(`mount: ${mounted.stderr}`);
  }

  get path(): string {
    return this.#directory.path;
  }

  [Symbol.dispose](): void {
    Bun.spawnSync(["umount", "-l", this.path]);
    this.#directory[Symbol.dispose]();
  }
}
