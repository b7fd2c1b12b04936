import { COMBINED } from "../../access-log/format.ts";
import type { Draft } from "./draft.ts";
import type { Report } from "./report.ts";
import { allInForce, blocks, type Scope } from "./scope.ts";
import type { Node } from "./validate.ts";

/** Translates the access logs of one application; `off` beside others wins, as in nginx-rtmp. */
export function translateLog(scope: Scope, base: readonly string[], draft: Draft, report: Report): void {
  const logs = allInForce(scope, "access_log");
  const off = logs.find(({ directive }) => directive.args[0] === "off");
  if (off) {
    draft.set([...base, "accessLog"], [], off.directive);
    return;
  }
  for (const { directive } of logs) {
    const [file, name = "combined"] = directive.args;
    const format = name.toLowerCase() === "combined" ? COMBINED : formatNamed(scope, name, draft);
    if (format === undefined) {
      const hint = "name one that a log_format defines";
      report.mistake("nginx-wrong-arguments", directive, `unknown log format "${name}"`, hint);
    } else {
      draft.append([...base, "accessLog"], { file, format }, directive);
    }
  }
}

function formatNamed(scope: Scope, name: string, draft: Draft): string | undefined {
  const found = scope.flatMap((block): readonly Node[] => blocks(block, "log_format"));
  const format = found.find(({ directive }) => directive.args[0] === name)?.directive;
  if (format) draft.note(format, "applications.NAME.accessLog.format");
  return format?.args.slice(1).join("");
}
