import type { Mistake, MistakeCode, Notice } from "../mistake.ts";
import type { Draft } from "./draft.ts";
import type { Directive } from "./parser.ts";
import { mistakeAt, type Node } from "./validate.ts";

/** What became of one directive. */
export type NginxRow = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** As written, blocks without their content. */
  readonly text: string;
  readonly status: "mapped" | "ignored" | "unsupported";
  /** Leaving it out opens what was closed. */
  readonly guard: boolean;
  /** The settings it became, why it does not matter, or what to use instead. */
  readonly note: string;
};

type Verdict = Pick<NginxRow, "status" | "guard" | "note">;

/** Gathers what the translation has to say about single directives; what it says nothing about follows the table. */
export class Report {
  readonly mistakes: Mistake[] = [];
  readonly notices: Notice[] = [];
  readonly #verdicts = new Map<Directive, Verdict>();

  mistake(code: MistakeCode, directive: Directive, message: string, hint: string): void {
    this.mistakes.push(mistakeAt(directive, code, message, hint));
  }

  notice({ file, line, column }: Directive, message: string, hint: string): void {
    this.notices.push({ source: { from: "file", file, line, column }, path: "", message, hint });
  }

  /** Where the table says that it is refused. */
  mapped(directive: Directive, note: string): void {
    this.#verdicts.set(directive, { status: "mapped", guard: false, note });
  }

  ignored(directive: Directive, note: string): void {
    this.#verdicts.set(directive, { status: "ignored", guard: false, note });
  }

  unsupported(directive: Directive, note: string): void {
    this.#verdicts.set(directive, { status: "unsupported", guard: false, note });
  }

  guard(directive: Directive, note: string): void {
    this.#verdicts.set(directive, { status: "unsupported", guard: true, note });
  }

  /** One row for every directive, in the order of the file. */
  rows(nodes: readonly Node[], draft: Draft): readonly NginxRow[] {
    return nodes.flatMap((node) => [this.#row(node, draft), ...this.rows(node.children, draft)]);
  }

  #row(node: Node, draft: Draft): NginxRow {
    const { file, line, column } = node.directive;
    const verdict = this.#verdicts.get(node.directive) ?? judge(node, draft);
    return { file, line, column, text: formatDirective(node.directive), ...verdict };
  }
}

function judge({ directive, spec }: Node, draft: Draft): Verdict {
  const { outcome } = spec;
  switch (outcome.status) {
    case "ignored":
      return { status: "ignored", guard: false, note: outcome.why };
    case "unsupported":
      if (outcome.inert?.(directive.args)) return { status: "ignored", guard: false, note: "asks for nothing" };
      return { status: "unsupported", guard: outcome.guard ?? false, note: outcome.instead };
    case "mapped": {
      const effects = draft.effects(directive);
      if (effects.length > 0) return { status: "mapped", guard: false, note: effects.join(", ") };
      if (spec.block || directive.name === "include") return { status: "mapped", guard: false, note: outcome.to };
      return { status: "ignored", guard: false, note: "has no effect here" };
    }
  }
}

/** A directive on one line, cut when it is long. */
export function formatDirective({ name, args, block }: Directive): string {
  const words = [name, ...args.map((arg) => (/^[^\s;{}"'#][^\s;{}#]*$/.test(arg) ? arg : JSON.stringify(arg)))].join(
    " ",
  );
  const short = words.length > 70 ? `${words.slice(0, 67)}...` : words;
  return block ? `${short} { }` : short;
}
