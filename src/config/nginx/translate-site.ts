import { unknownVariable } from "../../gateways/http/variables.ts";
import type { Draft } from "./draft.ts";
import { toJavaScriptPattern } from "./pattern.ts";
import type { Report } from "./report.ts";
import { allInForce, blocks, inForce, type Scope } from "./scope.ts";
import type { Node } from "./validate.ts";

/** Which paths a location is for, as `http.locations[]` is written. */
export type Which = {
  readonly path: string;
  /** Only this path. */
  readonly exact?: true;
  readonly final?: true;
  readonly pattern?: string;
  readonly ignoreCase?: true;
};

export type SiteSettings = {
  readonly index?: readonly string[];
  readonly autoindex?: true;
  readonly tryFiles?: readonly string[];
  readonly errorPages?: readonly ErrorPage[];
};
type ErrorPage = { readonly status: readonly number[]; readonly page: string; readonly answer?: number };

export type Rewrite = {
  readonly pattern: string;
  readonly ignoreCase?: true;
  readonly to: string;
  readonly after?: "last" | "break" | "redirect" | "permanent";
};

/** nginx takes the sign also without a space behind it. */
const WHICH = /^(=|~\*|~|\^~)?\s*(.*)$/s;

/** What a location is for; a string says what keeps naru from having it. */
export function whichPaths(scope: Scope): Which | string {
  const [node, ...around] = scope as [Node, ...Node[]];
  const [, sign, text = ""] = WHICH.exec(node.directive.args.join(" ")) ?? [];
  if (sign === "~" || sign === "~*") {
    const found = toJavaScriptPattern(text);
    if (typeof found === "string") return `naru has no "${found}" in patterns, which are those of JavaScript`;
    const path = around.map((outer) => prefixOf(outer)).find((prefix) => prefix !== undefined) ?? "/";
    return { path, pattern: found.pattern, ...((found.ignoreCase || sign === "~*") && { ignoreCase: true }) };
  }
  if (text.startsWith("@")) return "naru has no named locations";
  if (!text.startsWith("/")) return "the paths of requests begin with a slash";
  return { path: text, ...(sign === "=" && { exact: true }), ...(sign === "^~" && { final: true }) };
}

/** The prefix of a location that is for one. */
export function prefixOf({ directive }: Node): string | undefined {
  if (directive.name !== "location") return undefined;
  const [, sign, text = ""] = WHICH.exec(directive.args.join(" ")) ?? [];
  return sign?.startsWith("~") || !text.startsWith("/") ? undefined : text;
}

/** index, autoindex, try_files and error_page of a location with files. */
export function siteSettings(scope: Scope, path: string, draft: Draft, report: Report): SiteSettings {
  const index = inForce(scope, "index");
  const names = index?.directive.args ?? [];
  const isPlain = !names.some((name) => name.includes("$"));
  if (index && isPlain) draft.note(index.directive, `http.locations, index of ${path}`);
  else if (index) report.unsupported(index.directive, "naru has no variables in names of an index");
  const listed = inForce(scope, "autoindex");
  if (listed) draft.note(listed.directive, `http.locations, autoindex of ${path}`);
  const tried = triedFiles(scope, path, draft, report);
  const errorPages = errorPagesOf(scope, path, draft, report);
  return {
    ...(index && isPlain && { index: names }),
    ...(listed?.directive.args[0] === "on" && { autoindex: true }),
    ...(tried && { tryFiles: tried }),
    ...(errorPages.length > 0 && { errorPages }),
  };
}

/** Not inherited, as in nginx. */
function triedFiles(scope: Scope, path: string, draft: Draft, report: Report): readonly string[] | undefined {
  const [node] = blocks(scope[0] as Node, "try_files");
  if (!node) return undefined;
  const { args } = node.directive;
  const last = args.at(-1) ?? "";
  const unknown = args.map((arg) => unknownVariable(arg)).find((name) => name !== undefined);
  if (unknown) {
    report.unsupported(node.directive, `naru has no variable ${unknown}`);
    return undefined;
  }
  if (last.startsWith("@")) {
    const message = `naru has no named locations: where there is no file, it answers 404 instead of going to ${last}`;
    report.unsupported(node.directive, message);
    return [...args.slice(0, -1), "=404"];
  }
  draft.note(node.directive, `http.locations, tryFiles of ${path}`);
  return args;
}

export function errorPagesOf(scope: Scope, path: string, draft: Draft, report: Report): readonly ErrorPage[] {
  return allInForce(scope, "error_page").flatMap(({ directive }) => {
    const page = directive.args.at(-1) ?? "";
    const before = directive.args.slice(0, -1);
    const written = before.find((arg) => arg.startsWith("="));
    const status = before.filter((arg) => arg !== written).map(Number);
    const answer = written === undefined ? undefined : Number(written.slice(1));
    if (!/^(\/|https?:\/\/)/.test(page) || unknownVariable(page) || !status.every(isStatus)) {
      report.unsupported(directive, "naru shows pages by their path, or redirects to a URL");
      return [];
    }
    draft.note(directive, `http.locations, errorPages of ${path}`);
    return [{ status, page, ...(answer !== undefined && { answer }) }];
  });
}

const isStatus = (status: number): boolean => Number.isInteger(status) && status >= 300 && status <= 599;

/** The rules of one block; they are not inherited. */
export function translateRewrites(block: Node, to: string, draft: Draft, report: Report): readonly Rewrite[] {
  return blocks(block, "rewrite").flatMap(({ directive }) => {
    const [text = "", target = "", flag] = directive.args;
    const found = toJavaScriptPattern(text);
    const problem =
      typeof found === "string"
        ? `naru has no "${found}" in patterns, which are those of JavaScript`
        : flag !== undefined && !isFlag(flag)
          ? "the third word is last, break, redirect or permanent"
          : variableProblem(target, found.pattern);
    if (typeof found === "string" || problem !== undefined) {
      report.unsupported(directive, problem ?? "");
      return [];
    }
    draft.note(directive, `${to}, rewrites`);
    const rule = { pattern: found.pattern, ...(found.ignoreCase && { ignoreCase: true as const }), to: target };
    return [{ ...rule, ...(flag !== undefined && isFlag(flag) && { after: flag }) }];
  });
}

function variableProblem(text: string, pattern: string): string | undefined {
  const unknown = unknownVariable(text, pattern);
  return unknown && `naru has no variable ${unknown}`;
}

function isFlag(text: string): text is NonNullable<Rewrite["after"]> {
  return ["last", "break", "redirect", "permanent"].includes(text);
}
