import { isExecutable } from "./executable.ts";

/**
 * Has Bun's allocator keep the memory that media passes through, instead of giving it back to the system and faulting it in
 * again a moment later: a tenth to a fifth of the server's CPU (bench/ingest.ts). It looks at its options only when a process
 * starts, so the process starts anew in its own place, which takes about 10 ms. Linux only; an own setting is left alone.
 */
export function keepFreedMemory(): void {
  if (process.platform !== "linux" || process.env[OPTION] !== undefined) return;
  const [, script = "", ...given] = process.argv;
  const args = isExecutable() ? given : [...process.execArgv, script, ...given];
  process.execve?.(process.execPath, [process.execPath, ...args], { ...process.env, [OPTION]: "-1" });
}

const OPTION = "MIMALLOC_PURGE_DELAY";
