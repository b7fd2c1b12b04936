import { dirname, resolve } from "node:path";
import type { Draft } from "./draft.ts";
import type { Report } from "./report.ts";
import { inForce, type Scope } from "./scope.ts";
import type { Node } from "./validate.ts";

/** As `http.access` is written. */
export type Access = {
  readonly rules?: readonly ({ readonly allow: string } | { readonly deny: string })[];
  readonly users?: string;
  readonly realm?: string;
  readonly satisfy?: "all" | "any";
};

const RULES = ["allow", "deny"];
const DIRECTIVES = [...RULES, "auth_basic", "auth_basic_user_file", "satisfy"];

/** What allow, deny, auth_basic and satisfy make of a block, with what it inherits; undefined when there is nothing. */
export function translateAccess(scope: Scope, path: string, draft: Draft, report: Report): Access | undefined {
  const note = ({ directive }: Node) => draft.note(directive, `http access of ${path}`);
  // The innermost block with any rule has them all.
  const written = scope.map(({ children }) => children.filter(({ directive }) => RULES.includes(directive.name)));
  const found = written.find((rules) => rules.length > 0) ?? [];
  const rules = found.flatMap((node) => {
    const { name, args } = node.directive;
    const [network = ""] = args;
    if (network === "unix:") {
      report.ignored(node.directive, "naru listens on addresses and ports only");
      return [];
    }
    note(node);
    return [name === "allow" ? { allow: network } : { deny: network }];
  });
  const proxy = rules.length > 0 ? inForce(scope, "set_real_ip_from") : undefined;
  if (proxy)
    report.guard(proxy.directive, "naru knows the address that connects only: rules would be about the proxy's");
  const access = { ...(rules.length > 0 && { rules }), ...translatePassword(scope, note, report) };
  const satisfy = inForce(scope, "satisfy");
  if (satisfy) note(satisfy);
  if (Object.keys(access).length === 0) return undefined;
  return { ...access, ...(satisfy?.directive.args[0] === "any" && { satisfy: "any" }) };
}

/** nginx asks for no password where it has no file of them. */
function translatePassword(scope: Scope, note: (node: Node) => void, report: Report): Access {
  const basic = inForce(scope, "auth_basic");
  const list = inForce(scope, "auth_basic_user_file");
  const [realm = "off"] = basic?.directive.args ?? [];
  if (!basic || realm === "off" || !list) return {};
  const { args, file } = list.directive;
  const [users = ""] = args;
  if (users.includes("$")) {
    report.guard(list.directive, "naru has no variables in names of files");
    return {};
  }
  note(basic);
  note(list);
  // Relative to the directory of the configuration.
  return { users: resolve(dirname(file), users), realm: realm.replace(/[^\t\x20-\x7e]/g, "?") };
}

/** Whether it keeps anybody out. */
export function isRestricting(access: Access | undefined): boolean {
  return access?.users !== undefined || access?.rules?.some((rule) => "deny" in rule) === true;
}

/** The rules of a location that naru does not have cannot be held. */
export function holdNothing(node: Node, report: Report): void {
  for (const { directive } of node.children) {
    const keepsOut =
      ["deny", "internal"].includes(directive.name) || (directive.name === "auth_basic" && directive.args[0] !== "off");
    if (keepsOut) report.guard(directive, "naru does not have its location: what it protects would be open");
    else if (DIRECTIVES.includes(directive.name)) report.ignored(directive, "its location is left out");
  }
}
