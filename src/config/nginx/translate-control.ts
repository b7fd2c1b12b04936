import type { Draft } from "./draft.ts";
import type { Report } from "./report.ts";
import { inForce, type Scope } from "./scope.ts";
import type { Node } from "./validate.ts";

/** What a location answers itself, without files. */
export type OwnAnswer = {
  readonly stat?: { readonly show: readonly string[]; readonly stylesheet?: string; readonly format?: string };
  readonly control?: readonly string[];
  readonly flv?: boolean;
};

/** Directives that make it do so. */
export const OWN_ANSWERS: readonly string[] = ["rtmp_stat", "rtmp_control", "flv_live"];

/** @param own the directive of these that the location has */
export function translateOwnAnswer(
  location: Node,
  own: Node,
  scope: Scope,
  path: string,
  draft: Draft,
  report: Report,
): OwnAnswer | undefined {
  for (const child of location.children) {
    const { name } = child.directive;
    if (child !== own && OWN_ANSWERS.includes(name))
      report.unsupported(child.directive, "one of them for each location");
    // Of files, nothing but GET and HEAD is taken anyway.
    if (name === "limit_except") report.guard(child.directive, "naru has no rules by method");
  }
  const { name, args } = own.directive;
  draft.note(own.directive, `http.locations, ${name} of ${path}`);
  switch (name) {
    case "rtmp_stat": {
      const setting = (directive: string): string | undefined => {
        const found = inForce(scope, directive);
        if (found) draft.note(found.directive, `http.locations, ${directive} of ${path}`);
        return found?.directive.args[0];
      };
      const stylesheet = setting("rtmp_stat_stylesheet");
      const format = setting("rtmp_stat_format");
      return { stat: { show: args, ...(stylesheet !== undefined && { stylesheet }), ...(format && { format }) } };
    }
    case "rtmp_control":
      return { control: args };
    default:
      return args[0] === "on" ? { flv: true } : undefined;
  }
}
