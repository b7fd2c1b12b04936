import { z } from "zod";
import { COMBINED, unknownVariable } from "./format.ts";

/** Files that get a line for each publish and play that has ended. */
export const accessLogSchema = z
  .array(
    z.strictObject({
      file: z.string().min(1).describe("Lines are added to its end. SIGUSR1 opens it anew, for logrotate."),
      format: z
        .string()
        .refine((format) => unknownVariable(format) === undefined, {
          error: (issue) => `unknown variable "$${unknownVariable(String(issue.input))}"`,
        })
        .default(COMBINED)
        .describe("A line, with the variables of nginx-rtmp."),
    }),
  )
  .default([]);
export type AccessLogConfig = z.output<typeof accessLogSchema>;
