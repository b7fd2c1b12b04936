import { readdirSync, readFileSync } from "node:fs";

/** Processes that a process has started, whose command line holds `command`. Linux. */
export function childProcesses(parent: number, command: string): readonly number[] {
  const found: number[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "latin1");
      // Behind the program's name, which may hold spaces and brackets: state, parent.
      const [state, ppid] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (Number(ppid) !== parent || state === "Z") continue;
      if (readFileSync(`/proc/${name}/cmdline`, "latin1").includes(command)) found.push(Number(name));
    } catch {
      // Gone meanwhile.
    }
  }
  return found;
}

/**
 * Lets a process run for a small part of the time only, as if the machine were that slow.
 * @returns stops that
 */
export function slowDown(pid: number, { run, pause }: { readonly run: number; readonly pause: number }): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const signal = (name: NodeJS.Signals) => {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended.
    }
  };
  const stop = () => {
    signal("SIGSTOP");
    timer = setTimeout(go, pause);
  };
  const go = () => {
    signal("SIGCONT");
    timer = setTimeout(stop, run);
  };
  stop();
  return () => {
    clearTimeout(timer);
    signal("SIGCONT");
  };
}
