/** Where a file descriptor of a process leads, written as an argument of its command: `>file`, `2>>file`, `<file`, `2>&1`. */
export type Redirection = {
  readonly descriptor: number;
  readonly to:
    | { readonly type: "file"; readonly mode: "r" | "w" | "a"; readonly path: string }
    | { readonly type: "descriptor"; readonly descriptor: number };
};

/** Higher numbers are no redirection. */
export const MAX_DESCRIPTOR = 9;

/**
 * Undefined when the argument is none. To be asked before variables are put in: who chooses a stream's name must not be able
 * to redirect.
 */
export function parseRedirection(argument: string): Redirection | undefined {
  const match = /^(\d?)(>>|>|<)(?:&(\d)|([^&][\s\S]*))$/.exec(argument);
  if (!match) return undefined;
  const [, written = "", sign = "", copied, path = ""] = match;
  const descriptor = written === "" ? (sign === "<" ? 0 : 1) : Number(written);
  if (copied !== undefined) return { descriptor, to: { type: "descriptor", descriptor: Number(copied) } };
  return { descriptor, to: { type: "file", mode: sign === "<" ? "r" : sign === ">" ? "w" : "a", path } };
}
