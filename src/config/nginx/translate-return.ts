import { unknownVariable } from "../../gateways/http/variables.ts";
import type { Report } from "./report.ts";
import { blocks } from "./scope.ts";
import type { Node } from "./validate.ts";

/** What a location answers everything with. */
export type FixedAnswer = { readonly status: number; readonly text?: string; readonly location?: string };

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/** Translates `return` of a location; undefined when there is none, or one that needs what only nginx knows. */
export function translateReturn(location: Node, report: Report): FixedAnswer | undefined {
  const [written] = blocks(location, "return");
  const answer = written && fixedAnswer(written.directive.args);
  if (answer) report.mapped(written.directive, `http.locations, answer of ${location.directive.args.at(-1)}`);
  return answer;
}

function fixedAnswer([code = "", text = ""]: readonly string[]): FixedAnswer | undefined {
  if (/^(https?|\$scheme):\/\//.test(code) && text === "")
    return unknownVariable(code) ? undefined : { status: 302, location: code };
  // 444 closes the connection without an answer.
  if (!/^[2-5]\d\d$/.test(code) || code === "444") return undefined;
  const status = Number(code);
  if (REDIRECTS.includes(status)) return text === "" || unknownVariable(text) ? undefined : { status, location: text };
  return text.includes("$") ? undefined : text === "" ? { status } : { status, text };
}

/** CORS preflights that are answered by a condition, as most files for streaming have them: naru answers OPTIONS by itself. */
export function forgetPreflights(around: Node, report: Report): void {
  for (const { directive } of blocks(around, "if")) {
    const condition = directive.args.join("").replace(/[()\s"']/g, "");
    const answers = directive.block?.every(
      ({ name, args }) =>
        /^(add_header|more_set_headers|default_type)$/.test(name) ||
        (name === "return" && /^20\d$/.test(args[0] ?? "")),
    );
    if (condition === "$request_method=OPTIONS" && answers)
      report.ignored(directive, "naru answers OPTIONS by itself, with the headers of the location");
  }
  for (const name of ["server", "location"]) {
    for (const below of blocks(around, name)) forgetPreflights(below, report);
  }
}
