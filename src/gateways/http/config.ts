import { z } from "zod";
import { listenAddresses } from "../../config/units.ts";

const locationSchema = z
  .strictObject({
    path: z.string().startsWith("/").describe("URL prefix."),
    root: z.string().optional().describe("Directory; the whole URL path is looked up below it."),
    alias: z.string().optional().describe("Directory that takes the place of the prefix."),
    types: z
      .record(z.string(), z.string())
      .default({})
      .describe("Media type by file extension, without the dot; empty for the built-in table."),
    defaultType: z.string().default("text/plain").describe("Media type of other extensions."),
    headers: z
      .array(z.tuple([z.string(), z.string()]))
      .default([])
      .describe("Response headers to add."),
  })
  .refine(
    (location) => (location.root === undefined) !== (location.alias === undefined),
    "needs exactly one of root and alias",
  );

/** How viewers reach the server by HTTP. */
export const httpSchema = z
  .strictObject({
    listen: listenAddresses()
      .default([{ host: "::", port: 8080 }])
      .describe("Addresses that HTTP listens on; an empty list turns HTTP off."),
    cors: z.string().default("*").describe("Value of Access-Control-Allow-Origin on playlists and media."),
    pages: z.boolean().default(true).describe("Serve the start page and the watch pages."),
    locations: z.array(locationSchema).default([]).describe("Directories served as files, as nginx's location blocks."),
  })
  .prefault({});
export type HttpConfig = z.output<typeof httpSchema>;
export type HttpLocation = HttpConfig["locations"][number];
