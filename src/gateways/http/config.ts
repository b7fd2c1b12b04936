import { z } from "zod";
import { duration, listenAddresses } from "../../config/units.ts";

/** Names as RFC 9110 5.1 has them; values of visible ASCII, since clients disagree on anything else (5.5). */
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "expected the name of a header");
const headerValue = () =>
  z.string().regex(/^[\t\x20-\x7e]*$/, "expected a header's value of printable ASCII characters");
const headers = () => z.array(z.tuple([headerName, headerValue()])).default([]);

const locationSchema = z
  .strictObject({
    path: z.string().startsWith("/").describe("URL prefix."),
    root: z.string().optional().describe("Directory; the whole URL path is looked up below it."),
    alias: z.string().optional().describe("Directory that takes the place of the prefix."),
    types: z
      .record(z.string(), headerValue())
      .optional()
      .describe("Media type by file extension, without the dot; the built-in table when left out."),
    defaultType: headerValue().default("text/plain").describe("Media type of other extensions."),
    headers: headers().describe("Response headers to add to answers that succeed."),
    alwaysHeaders: headers().describe("Response headers to add to every answer, errors included."),
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
    cors: headerValue().default("*").describe("Value of Access-Control-Allow-Origin on playlists and media."),
    pages: z.boolean().default(true).describe("Serve the start page and the watch pages."),
    threads: z
      .int()
      .min(0)
      .max(64)
      .optional()
      .describe(
        "Threads that answer viewers, beside the one that takes streams in (Linux only); 0: that one answers, too. " +
          "When left out: one fewer than there are cores, and none on one or two cores.",
      ),
    idleTimeout: duration({ min: 8_000, max: 240_000 })
      .default(60_000)
      .describe("A connection on which nothing moves for so long is dropped, unless its request is being held."),
    maxWaiting: z
      .int()
      .min(1)
      .default(20_000)
      .describe("Requests that may wait for media at a time (blocking reloads); more are answered 503."),
    maxWaitingPerAddress: z
      .int()
      .min(1)
      .default(1_000)
      .describe(
        "Of the second half of those, from one address. Private and loopback addresses are not limited: a proxy has one of these.",
      ),
    locations: z.array(locationSchema).default([]).describe("Directories served as files, as nginx's location blocks."),
  })
  .prefault({});
export type HttpConfig = z.output<typeof httpSchema>;
export type HttpLocation = HttpConfig["locations"][number];
