import { open, unlink } from "node:fs/promises";
import type { Millis } from "../../media/time.ts";

export type FetchOptions = {
  /** Where it goes. */
  readonly path: string;
  readonly maxBytes: number;
};

/** A server that says nothing for so long is given up. */
const ANSWER_TIMEOUT: Millis = 10_000;

/** Fetches a file by HTTP to a file of its own. @returns why not; undefined when it is there. No such file: "not found" */
export async function fetchFile(url: string, { path, maxBytes }: FetchOptions): Promise<string | undefined> {
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(), ANSWER_TIMEOUT);
  const alive = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(), ANSWER_TIMEOUT);
  };
  try {
    const response = await fetch(url, { signal: abort.signal });
    if (response.status === 404 || response.status === 410) return "not found";
    if (!response.ok || !response.body) return `answered ${response.status}`;
    if (Number(response.headers.get("content-length") ?? 0) > maxBytes) return `larger than ${maxBytes} bytes`;
    const file = await open(path, "wx");
    let complete = false;
    try {
      let size = 0;
      for await (const bytes of response.body) {
        alive();
        size += bytes.length;
        if (size > maxBytes) return `larger than ${maxBytes} bytes`;
        await file.writeFile(bytes);
      }
      complete = true;
    } finally {
      await file.close();
      if (!complete) await unlink(path).catch(() => {});
    }
    return undefined;
  } catch (error) {
    return abort.signal.aborted
      ? `no answer for ${ANSWER_TIMEOUT / 1000} s`
      : error instanceof Error
        ? error.message
        : String(error);
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}
