import { isExecutable } from "./executable.ts";

/** Read by Bun only when a process starts. */
const OPTIONS: Readonly<Record<string, string>> = {
  /**
   * The allocator keeps the memory that media passes through, instead of giving it back to the system and faulting it in again a
   * moment later: a tenth to a fifth of the server's CPU (bench/ingest.ts).
   */
  MIMALLOC_PURGE_DELAY: "-1",
  /**
   * Code is compiled for the second time, which is the dear one, when it is ten times as hot as by default: what runs a few hundred
   * times a second, as with few streams, gains nothing by it, and the compiler was a third of their CPU (bench/multitrack.ts).
   */
  BUN_JSC_thresholdForFTLOptimizeAfterWarmUp: "1000000",
};

/**
 * Has the process start anew in its own place, which takes about 10 ms, with the options of Bun that a server wants. Linux only;
 * own settings are left alone.
 */
export function applyRuntimeOptions(): void {
  const missing = Object.entries(OPTIONS).filter(([name]) => process.env[name] === undefined);
  if (process.platform !== "linux" || missing.length === 0) return;
  const [, script = "", ...given] = process.argv;
  const args = isExecutable() ? given : [...process.execArgv, script, ...given];
  process.execve?.(process.execPath, [process.execPath, ...args], { ...process.env, ...Object.fromEntries(missing) });
}
