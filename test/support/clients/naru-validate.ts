import { start } from "../process.ts";
import { projectPath } from "../project.ts";

/** What `naru validate` found: severity, rule, how often, and the first example. */
export type Validation = { readonly severity: "error" | "warning" | "info"; readonly finding: string };

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

/** Starts `naru validate` on a URL. */
export function startValidation(url: string): RunningValidation {
  const command = [projectPath("src/main.ts"), "validate", url, "--json", "--duration", "1h"];
  const validator = start(process.execPath, command);
  return {
    async end() {
      validator.signal("SIGTERM");
      await validator.end(20_000);
      const json = validator.output.slice(validator.output.indexOf("{"), validator.output.lastIndexOf("}") + 1);
      const { unreadable, findings } = JSON.parse(json || "null") as Verdict;
      if (unreadable !== undefined) return [{ severity: "error", finding: unreadable }];
      return findings.map(({ rule, severity, count, examples: [first] }) => {
        const example = first
          ? `: ${first.message} (${new URL(first.where).pathname} at ${first.at.toFixed(1)} s)`
          : "";
        return { severity, finding: `${severity} ${rule} x${count}${example}` };
      });
    },
    [Symbol.asyncDispose]: async () => {
      await validator.stop("SIGKILL");
    },
  };
}
