import { z } from "zod";
import { duration, listenAddresses } from "../../config/units.ts";
import { networkSchema } from "../address-list.ts";

/** Names as RFC 9110 5.1 has them; values of visible ASCII, since clients disagree on anything else (5.5). */
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "expected the name of a header");
const headerValue = () =>
  z.string().regex(/^[\t\x20-\x7e]*$/, "expected a header's value of printable ASCII characters");
const headers = () => z.array(z.tuple([headerName, headerValue()])).default([]);

const accessSchema = z.strictObject({
  rules: z
    .array(
      z
        .strictObject({
          allow: networkSchema().optional().describe('Lets in: an address, a network such as 10.0.0.0/8, or "all".'),
          deny: networkSchema().optional().describe("Keeps out; as allow."),
        })
        .refine(({ allow, deny }) => (allow === undefined) !== (deny === undefined), {
          message: "expected either allow or deny in each rule",
        }),
    )
    .default([])
    .describe("By address; the first that matches counts; who matches none is let in."),
  users: z.string().optional().describe("File of names and hashed passwords, as htpasswd writes it."),
  realm: headerValue().default("naru").describe("What the password is for, as browsers show it."),
  satisfy: z
    .enum(["all", "any"])
    .default("all")
    .describe("`any`: the address or the password is enough; `all`: both count."),
});
export type HttpAccess = z.output<typeof accessSchema>;

const statSchema = z.strictObject({
  show: z
    .array(z.enum(["all", "global", "live", "clients"]))
    .default(["all"])
    .describe("How much of it, as nginx-rtmp's rtmp_stat."),
  stylesheet: z.string().default("").describe("Style sheet that the XML names; none when empty."),
  format: z.enum(["xml", "json"]).default("xml").describe("XML as nginx-rtmp's, or JSON as nginx-http-flv's."),
});
export type StatConfig = z.output<typeof statSchema>;

const controlSchema = z.array(z.enum(["all", "record", "drop", "redirect"])).min(1);
export type ControlConfig = z.output<typeof controlSchema>;

const pattern = () =>
  z.string().refine((text) => {
    try {
      new RegExp(text);
      return true;
    } catch {
      return false;
    }
  }, "expected a regular expression of JavaScript");

const rewriteSchema = z.strictObject({
  pattern: pattern().describe("Regular expression; paths that match it are rewritten."),
  ignoreCase: z.boolean().default(false).describe("Upper and lower case count as the same."),
  to: headerValue().describe("The new path, or URL, with `$1`, `$uri`, `$args`, `$host` and the like in it."),
  after: z
    .enum(["next", "last", "break", "redirect", "permanent"])
    .default("next")
    .describe("What comes then, as in nginx's rewrite: the next rule, another location, this location, 302 or 301."),
});
export type HttpRewrite = z.output<typeof rewriteSchema>;
const rewrites = () => z.array(rewriteSchema).default([]);

const errorPageSchema = z.strictObject({
  status: z.array(z.int().min(300).max(599)).min(1).describe("Statuses that it is shown for."),
  page: headerValue().describe("Its path, or a URL to redirect to."),
  answer: z
    .int()
    .refine((status) => status === 0 || (status >= 200 && status <= 599), "expected a status, or 0")
    .optional()
    .describe("Status to answer with: the first one when left out, that of the page when 0."),
});

const answerSchema = z.strictObject({
  status: z.int().min(200).max(599).describe("Status code."),
  text: z.string().default("").describe("Body, of the location's `defaultType`."),
  location: headerValue().default("").describe("Where a redirect leads."),
});

const locationSchema = z
  .strictObject({
    path: z.string().startsWith("/").default("/").describe("URL prefix."),
    exact: z.boolean().default(false).describe("Only this path, and nothing below it."),
    final: z.boolean().default(false).describe("No pattern is tried where this prefix is the longest; nginx's `^~`."),
    pattern: pattern()
      .optional()
      .describe("Regular expression that the path must match, too; the first that matches counts, before prefixes."),
    ignoreCase: z.boolean().default(false).describe("Upper and lower case count as the same to the pattern."),
    internal: z.boolean().default(false).describe("For error pages and the like only: clients are answered 404."),
    index: z
      .array(z.string().min(1))
      .default(["index.html"])
      .describe("Files that a directory is answered with; the first that exists counts."),
    autoindex: z.boolean().default(false).describe("Lists the files of directories that have no index."),
    tryFiles: z
      .array(headerValue())
      .refine((names) => names.length !== 1, "expected at least one file, and what to do without any")
      .default([])
      .describe(
        "Files to answer with, the first that exists; the last is a path, or a status as `=404`. nginx's try_files.",
      ),
    errorPages: z.array(errorPageSchema).default([]).describe("Pages shown instead of errors, as nginx's error_page."),
    rewrites: rewrites().describe(
      "Changes of the path, as nginx's rewrite; those of `http` come before a location is looked for.",
    ),
    root: z.string().optional().describe("Directory; the whole URL path is looked up below it."),
    alias: z.string().optional().describe("Directory that takes the place of the prefix."),
    types: z
      .record(z.string(), headerValue())
      .optional()
      .describe("Media type by file extension, without the dot; the built-in table when left out."),
    defaultType: headerValue().default("text/plain").describe("Media type of other extensions."),
    headers: headers().describe("Response headers to add to answers that succeed."),
    alwaysHeaders: headers().describe("Response headers to add to every answer, errors included."),
    stat: statSchema.optional().describe("Answers with statistics instead of files, as nginx-rtmp's rtmp_stat."),
    control: controlSchema
      .optional()
      .describe("Answers orders instead of serving files, as nginx-rtmp's rtmp_control: which ones it takes."),
    flv: z
      .boolean()
      .default(false)
      .describe("Answers with the stream that `?app=NAME&stream=KEY` names, as nginx-http-flv-module's flv_live."),
    answer: answerSchema.optional().describe("Answers everything with this, as nginx's return."),
    access: accessSchema.optional().describe("Who is let in; as `http.access` says when left out."),
  })
  .refine(
    ({ root, alias, stat, control, flv, answer }) =>
      [root, alias, stat, control, flv || undefined, answer].filter((one) => one !== undefined).length <= 1,
    "takes one of root, alias, stat, control, flv and answer",
  )
  .refine(
    ({ root, alias, stat, control, flv, answer, access, internal, rewrites }) =>
      flv ||
      internal ||
      rewrites.length > 0 ||
      [root, alias, stat, control, answer, access].some((one) => one !== undefined),
    "needs one of root, alias, stat, control, flv, answer, access, internal and rewrites",
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
    access: accessSchema
      .optional()
      .describe("Who is let in, to everything that no location takes, and to locations that do not say."),
    rewrites: rewrites().describe(
      "Changes of the path, as nginx's rewrite; those of `http` come before a location is looked for.",
    ),
    locations: z.array(locationSchema).default([]).describe("Directories served as files, as nginx's location blocks."),
  })
  .prefault({});
export type HttpConfig = z.output<typeof httpSchema>;
export type HttpLocation = HttpConfig["locations"][number];
