import { z } from "zod";
import { networkSchema } from "../gateways/address-list.ts";

/** Short tokens can be guessed. */
const MIN_TOKEN = 16;

/** Shown nowhere. */
const TOKEN = {
  type: "string",
  words: "text",
  json: { type: "string", minLength: MIN_TOKEN },
  write: (value: unknown) => (value === undefined ? undefined : "***"),
};

/** Who may use the API at `/api/`. What the start page reads is for all. */
export const apiSchema = z
  .strictObject({
    token: z
      .string()
      .min(MIN_TOKEN)
      .regex(/^[\x21-\x7e]*$/, "expected printable ASCII characters without spaces")
      .meta({ typed: TOKEN })
      .optional()
      .describe("Whoever sends it as a bearer token is let in, from any address."),
    allow: z
      .array(networkSchema())
      .default(["127.0.0.0/8", "::1"])
      .describe("Addresses and networks that are let in without a token. Behind a proxy on this machine: []."),
  })
  .prefault({});
export type ApiConfig = z.output<typeof apiSchema>;
