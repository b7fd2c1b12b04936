import { z } from "zod";
import { shown } from "./units.ts";

/**
 * A group with a field `enabled` that may be written as `true` or `false`. To write settings of it is to turn it on; it is off
 * when nothing is written.
 */
export const switchable = <S extends z.ZodRawShape>(group: z.ZodObject<S>) =>
  z
    .custom<boolean | z.input<typeof group>>(() => true)
    .transform(expandSwitch)
    .pipe(group as z.ZodType<z.output<typeof group>>)
    .meta({ isSwitch: true })
    .prefault(false);

/** The settings that a switch stands for; anything else as it is. */
export function expandSwitch(written: unknown): unknown {
  if (typeof written === "boolean") return { enabled: written };
  return typeof written === "object" && written !== null && !Array.isArray(written)
    ? { enabled: true, ...written }
    : written;
}

/**
 * A list, or, in a configuration that is a program, a function that gives it later.
 * @param type of the function, as documentation names it
 */
export const listOrFunction = <T extends z.ZodType, F extends (...args: never[]) => unknown>(item: T, type: string) => {
  const list = z.array(item);
  return z
    .custom<z.input<typeof list> | F>(() => true)
    .transform((value, ctx): readonly z.output<T>[] | F => {
      if (typeof value === "function") return value as F;
      const result = list.safeParse(value, { reportInput: true });
      if (result.success) return result.data;
      if (!Array.isArray(value)) {
        ctx.addIssue({
          code: "custom",
          message: `expected a list, or a function in naru.config.ts, got ${shown(value)}`,
        });
        return z.NEVER;
      }
      for (const issue of result.error.issues) ctx.issues.push(issue as z.core.$ZodRawIssue);
      return z.NEVER;
    })
    .meta({ orFunction: type, list });
};
