/** A program with all that it starts, and what they start. */
export type ProcessGroup = { readonly stderr: ReadableStream<Uint8Array>; readonly exited: Promise<number> };

const running = new Set<number>();

/**
 * Starts a program as the leader of a process group of its own. Nothing of it is left when the program has ended, when `signal`
 * is aborted, or when this process is interrupted: encoders and players outlive a test that is killed.
 */
export function startGroup(
  command: readonly string[],
  { cwd, signal }: { readonly cwd: string; readonly signal: AbortSignal },
): ProcessGroup {
  const leader = Bun.spawn([...command], { cwd, detached: true, stdin: "ignore", stdout: "inherit", stderr: "pipe" });
  const { pid } = leader;
  if (running.size === 0) for (const name of INTERRUPTS) process.on(name, endAll);
  running.add(pid);
  const end = () => kill(pid);
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  const exited = leader.exited.finally(() => {
    signal.removeEventListener("abort", end);
    running.delete(pid);
    if (running.size === 0) for (const name of INTERRUPTS) process.off(name, endAll);
    end();
  });
  return { stderr: leader.stderr, exited };
}

const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function endAll(): void {
  for (const pid of running) kill(pid);
  process.exit(130);
}

function kill(group: number): void {
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // Nothing is left of it.
  }
}
