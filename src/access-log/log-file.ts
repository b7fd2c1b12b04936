import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import type { Log } from "../log.ts";

/** Characters that wait for the disk; lines beyond are lost. */
const MAX_WAITING = 4 * 1024 * 1024;

/** A file that lines are added to, behind the caller's back. */
export class LogFile {
  readonly #path: string;
  readonly #log: Log;
  #waiting: string[] = [];
  #size = 0;
  #file: FileHandle | undefined;
  #isStale = false;
  #writing: Promise<void> | undefined;
  #failing: string | undefined;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  /** Never waits and never throws. */
  write(line: string): void {
    if (this.#size + line.length > MAX_WAITING) {
      this.#fail("disk too slow");
      return;
    }
    this.#waiting.push(`${line}\n`);
    this.#size += line.length + 1;
    this.#writing ??= this.#run();
  }

  /** The next line goes to a new file, where the old one was moved away. */
  reopen(): void {
    this.#isStale = true;
    // An old file that is not written to any more is let go of.
    this.#writing ??= this.#run();
  }

  async close(): Promise<void> {
    while (this.#writing) await this.#writing;
    await this.#file?.close().catch(() => {});
    this.#file = undefined;
  }

  async #run(): Promise<void> {
    // Others that end in the same moment are written along.
    await undefined;
    while (this.#waiting.length > 0 || this.#isStale) {
      const text = this.#waiting.join("");
      this.#waiting = [];
      this.#size = 0;
      try {
        await this.#append(text);
        this.#failing = undefined;
      } catch (error) {
        this.#fail(error instanceof Error && "code" in error ? String(error.code) : String(error));
      }
    }
    this.#writing = undefined;
  }

  async #append(text: string): Promise<void> {
    if (this.#isStale) {
      this.#isStale = false;
      const file = this.#file;
      this.#file = undefined;
      await file?.close();
      if (file) this.#file = await open(this.#path, "a");
    }
    if (text === "") return;
    this.#file ??= await open(this.#path, "a").catch(async (error) => {
      if (error.code !== "ENOENT") throw error;
      await mkdir(dirname(this.#path), { recursive: true });
      return open(this.#path, "a");
    });
    await this.#file.appendFile(text);
  }

  #fail(reason: string): void {
    if (this.#failing === reason) return;
    this.#failing = reason;
    this.#log.error("cannot write the access log", { file: this.#path, reason });
  }
}
