import type { Mistake, MistakeCode } from "../mistake.ts";
import { suggestion } from "../suggest.ts";
import { findDirective, namesIn } from "./directives.ts";
import type { Directive } from "./parser.ts";
import { type Context, type DirectiveSpec, guard, words } from "./spec.ts";

/** A directive together with its entry in the table. */
export type Node = {
  readonly directive: Directive;
  readonly spec: DirectiveSpec;
  readonly context: Context;
  /** Directives inside its block; empty for blocks whose lines are no directives. */
  readonly children: readonly Node[];
};

export type Validated = {
  readonly nodes: readonly Node[];
  readonly mistakes: readonly Mistake[];
};

/** Looks every directive up and checks block, arguments and repetition, as nginx does before it starts. */
export function validate(directives: readonly Directive[]): Validated {
  const validator = new Validator();
  const nodes = validator.block(directives, "root");
  return { nodes, mistakes: validator.mistakes };
}

class Validator {
  readonly mistakes: Mistake[] = [];

  block(directives: readonly Directive[], context: Context): readonly Node[] {
    const nodes: Node[] = [];
    const seen = new Map<string, Directive>();
    for (const directive of directives) {
      const spec = this.#lookUp(directive, context);
      if (!spec || !this.#checkForm(directive, spec)) continue;
      this.#checkRepetition(directive, spec, seen);
      const lower = (): Directive => ({ ...directive, args: directive.args.map((arg) => arg.toLowerCase()) });
      const inside = spec.block;
      const hasNodes =
        directive.block !== undefined && inside !== undefined && inside !== "values" && inside !== "foreign";
      const children = hasNodes ? this.block(directive.block ?? [], inside) : [];
      nodes.push({ directive: spec.args.anyCase ? lower() : directive, spec, context, children });
    }
    return nodes;
  }

  #lookUp(directive: Directive, context: Context): DirectiveSpec | undefined {
    const { name } = directive;
    const lookup = findDirective(name, context);
    if (lookup.found === "here") return lookup.spec;
    if (lookup.found === "elsewhere") {
      const places = [...new Set(lookup.contexts.map(formatContext))];
      const message = `"${name}" is not allowed ${formatContext(context)}`;
      this.#fail("nginx-wrong-context", directive, message, `it belongs ${places.join(" or ")}`);
      return undefined;
    }
    const near = suggestion(name, namesIn(context));
    // A module that naru has not heard of; what it does, and whom it keeps out, cannot be told.
    if (isHttp(context)) {
      const outcome = guard(near ?? "no directive of this name is known, and it may restrict access");
      return { name, contexts: [context], args: words(0), outcome, repeats: true };
    }
    const hint = near ?? `not known ${formatContext(context)}`;
    this.#fail("nginx-unknown-directive", directive, `unknown directive "${name}"`, hint);
    return undefined;
  }

  #checkForm(directive: Directive, { args, block }: DirectiveSpec): boolean {
    const { name } = directive;
    const count = directive.args.length;
    const usage = `write: ${[name, args.form].filter((part) => part !== "").join(" ")}${block ? " { ... }" : ";"}`;
    if (block && !directive.block) {
      this.#fail("nginx-wrong-arguments", directive, `"${name}" needs a block`, usage);
      return false;
    }
    // Modules that are known only by the beginning of their names may have blocks.
    if (!block && directive.block && Number.isFinite(args.max)) {
      this.#fail("nginx-wrong-arguments", directive, `"${name}" takes no block; is a ; missing before {?`, usage);
      return false;
    }
    if (count < args.min || count > args.max) {
      const message = `wrong number of arguments of "${name}": expected ${formatCount(args)}, got ${count}`;
      this.#fail("nginx-wrong-arguments", directive, message, `${usage}${count > args.max ? "; is a ; missing?" : ""}`);
      return false;
    }
    for (const [index, arg] of directive.args.entries()) {
      const expected = args.check?.(arg, index, directive.args);
      if (expected === undefined) continue;
      const message = `"${name}" expected ${expected}, got "${arg}"`;
      this.#fail("nginx-wrong-arguments", directive, message, usage);
      return false;
    }
    return true;
  }

  #checkRepetition(directive: Directive, spec: DirectiveSpec, seen: Map<string, Directive>): void {
    if (spec.repeats) return;
    const { name } = directive;
    const first = seen.get(name);
    if (first) {
      const message = `"${name}" is given twice`;
      this.#fail("nginx-duplicate", directive, message, `first at ${first.file}:${first.line}`);
    } else {
      seen.set(name, directive);
    }
  }

  #fail(code: MistakeCode, directive: Directive, message: string, hint: string): void {
    this.mistakes.push(mistakeAt(directive, code, message, hint));
  }
}

export function mistakeAt(
  { file, line, column }: Directive,
  code: MistakeCode,
  message: string,
  hint: string,
): Mistake {
  return { code, source: { from: "file", file, line, column }, path: "", message, hint };
}

const isHttp = (context: Context): boolean =>
  context === "http" || context === "http server" || context === "location" || context === "if";

function formatContext(context: Context): string {
  switch (context) {
    case "root":
      return "outside of all blocks";
    case "server":
      return "in rtmp { server { } }";
    case "application":
      return "in application { }";
    case "http server":
      return "in http { server { } }";
    default:
      return `in ${context} { }`;
  }
}

function formatCount({ min, max }: DirectiveSpec["args"]): string {
  if (min === max) return String(min);
  return Number.isFinite(max) ? `${min} to ${max}` : `at least ${min}`;
}
