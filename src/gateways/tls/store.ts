import { chmodSync, mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "../../log.ts";

/** A directory of small secret files. One that cannot be written is told of once, and then only memory is left. */
export class SecretStore {
  readonly #memory = new Map<string, string>();
  #told = false;

  /** @param directory undefined when there is none */
  constructor(
    private readonly directory: string | undefined,
    private readonly log: Log,
  ) {}

  /** Whether all that was written is on the disk. */
  get lasting(): boolean {
    return this.#memory.size === 0;
  }

  read(name: string): string | undefined {
    const kept = this.#memory.get(name);
    if (kept !== undefined || this.directory === undefined) return kept;
    try {
      return readFileSync(join(this.directory, name), "utf8");
    } catch {
      return undefined;
    }
  }

  /** Others see the old content or the new one, nothing between. */
  write(name: string, text: string): void {
    if (this.directory === undefined) {
      this.#keepInMemory(name, text, "there is no home directory");
      return;
    }
    const file = join(this.directory, name);
    const draft = `${file}.${process.pid}`;
    try {
      mkdirSync(this.directory, { recursive: true, mode: 0o700 });
      writeFileSync(draft, text, { mode: 0o600 });
      // The mode above is for a file that is new.
      chmodSync(draft, 0o600);
      renameSync(draft, file);
      this.#memory.delete(name);
    } catch (error) {
      try {
        unlinkSync(draft);
      } catch {
        // It was not there.
      }
      this.#keepInMemory(name, text, error instanceof Error ? error.message : String(error));
    }
  }

  #keepInMemory(name: string, text: string, reason: string): void {
    this.#memory.set(name, text);
    if (this.#told) return;
    this.#told = true;
    this.log.warn("certificates are kept in memory only, and are made again at the next start", { reason });
  }
}
