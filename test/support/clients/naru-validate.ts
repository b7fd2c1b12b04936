import { start } from "../process.ts";
import { projectPath } from "../project.ts";

export type Validation = {
  readonly severity: "error" | "warning" | "info";
  readonly rule: string;
  /** Severity, rule, how often, and the first example. */
  readonly finding: string;
};

/** Follows a stream until its end is asked for. */
export interface RunningValidation extends AsyncDisposable {
  end(): Promise<Validation[]>;
}

type Verdict = {
  readonly unreadable?: string;
  readonly findings: readonly {
    readonly rule: string;
    readonly severity: Validation["severity"];
    readonly count: number;
    readonly examples: readonly { readonly where: string; readonly message: string; readonly at: number }[];
  }[];
};

/** Rules that a machine breaks on which more runs than it carries, whatever the server does. */
const TIMING = ["blocking-late", "hint-trickles", "media-slow", "part-late", "segment-late"];

/** Starts `naru validate` on a URL. @param timing false: what depends on the machine's other work is left out */
export function startValidation(url: string, timing: boolean): RunningValidation {
  const rules = timing ? [] : ["--rule", TIMING.map((rule) => `-${rule}`).join(",")];
  const command = [projectPath("src/main.ts"), "validate", url, "--json", "--duration", "1h", ...rules];
  const validator = start(process.execPath, command);
  return {
    async end() {
      validator.signal("SIGTERM");
      await validator.end(20_000);
      const json = validator.output.slice(validator.output.indexOf("{"), validator.output.lastIndexOf("}") + 1);
      const { unreadable, findings } = JSON.parse(json || "null") as Verdict;
      if (unreadable !== undefined) return [{ severity: "error", rule: "unreadable", finding: unreadable }];
      return findings.map(({ rule, severity, count, examples: [first] }) => {
        const example = first
          ? `: ${first.message} (${new URL(first.where).pathname} at ${first.at.toFixed(1)} s)`
          : "";
        return { severity, rule, finding: `${severity} ${rule} x${count}${example}` };
      });
    },
    [Symbol.asyncDispose]: async () => {
      await validator.stop("SIGKILL");
    },
  };
}
