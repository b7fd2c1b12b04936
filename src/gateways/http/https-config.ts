import { z } from "zod";
import { listenAddresses } from "../../config/units.ts";

/** How viewers reach the server by HTTPS. */
export const httpsSchema = z
  .strictObject({
    listen: listenAddresses()
      .default([{ host: "::", port: 8443 }])
      .describe("Addresses that HTTPS listens on, for HTTP/1.1 and HTTP/2; an empty list turns HTTPS off."),
    http3: z.boolean().default(true).describe("Listen for HTTP/3 on the same ports, by UDP."),
    redirect: z.boolean().default(false).describe("Send those who come by HTTP to HTTPS."),
  })
  .prefault({});
export type HttpsConfig = z.output<typeof httpsSchema>;
