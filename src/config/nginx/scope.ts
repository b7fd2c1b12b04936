import type { Node } from "./validate.ts";

/** A block and the blocks around it, innermost first: what nginx merges settings from. */
export type Scope = readonly Node[];

/** The directive of this name that is in force: the innermost one. */
export function inForce(scope: Scope, name: string): Node | undefined {
  for (const block of scope) {
    const found = block.children.find((child) => child.directive.name === name);
    if (found) return found;
  }
  return undefined;
}

/** All directives of a name in the innermost block that has any, as nginx inherits lists. */
export function allInForce(scope: Scope, name: string): readonly Node[] {
  for (const block of scope) {
    const found = block.children.filter((child) => child.directive.name === name);
    if (found.length > 0) return found;
  }
  return [];
}

/** The blocks of a name directly inside. */
export function blocks(node: Node, name: string): readonly Node[] {
  return node.children.filter((child) => child.directive.name === name);
}

/** The first argument of the directive in force. */
export function argument(scope: Scope, name: string): string | undefined {
  return inForce(scope, name)?.directive.args[0];
}
