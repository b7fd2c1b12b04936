import { z } from "zod";
import { networkSchema } from "../gateways/address-list.ts";

/** Who may publish and play, by address: the first rule that is about a client decides, and without one it is let in. */
export const accessSchema = z
  .array(
    z
      .strictObject({
        allow: networkSchema().optional().describe('Lets in: an address, a network such as 10.0.0.0/8, or "all".'),
        deny: networkSchema().optional().describe("Keeps out; as allow."),
        for: z.enum(["publish", "play"]).optional().describe("Only about publishing, or playing; both when left out."),
      })
      .refine(({ allow, deny }) => (allow === undefined) !== (deny === undefined), {
        message: "expected either allow or deny in each rule",
      }),
  )
  .default([]);
export type AccessRules = z.output<typeof accessSchema>;
