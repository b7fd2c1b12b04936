import { type AbrConfig, type RungConfig, rungSchema } from "./config.ts";
import type { LadderSource } from "./ladder-source.ts";

/**
 * The rungs that a configuration wishes for a stream; empty: those derived from the source. Undefined when its function wants none.
 * @throws what the function throws, and ZodError when it gives what is no list of rungs
 */
export function wishedRungs(
  { rungs }: Pick<AbrConfig, "rungs">,
  source: LadderSource,
): readonly RungConfig[] | undefined {
  if (typeof rungs !== "function") return rungs;
  const wished = rungs(source);
  if (wished === true) return [];
  if (!wished) return undefined;
  return wished.map((rung) => rungSchema.parse(rung));
}
