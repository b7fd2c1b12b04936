import { z } from "zod";
import { duration } from "../config/units.ts";
import { maskRtmpUrl, parseRtmpUrl } from "../protocols/rtmp/url.ts";

const shared = {
  url: z.string().refine((url) => parseRtmpUrl(url) !== undefined, {
    error: "expected an address such as rtmp://example.com/app/name",
  }),
  stream: z.string().min(1).optional(),
  app: z.string().optional(),
  name: z.string().optional(),
  tcUrl: z.string().optional(),
  pageUrl: z.string().optional(),
  swfUrl: z.string().optional(),
  flashVer: z.string().optional(),
  reconnect: duration({ min: 100 }).optional(),
  insecure: z.boolean().default(false),
};

const SHARED_TYPE =
  "url: string; stream?: string; app?: string; name?: string; tcUrl?: string; pageUrl?: string; swfUrl?: string; flashVer?: string; reconnect?: Duration; insecure?: boolean";

const pushTargetSchema = z.strictObject({ ...shared, untilUnpublish: z.boolean().default(false) });
export type PushConfig = z.output<typeof pushTargetSchema>;

const pullSourceSchema = z
  .strictObject({
    ...shared,
    always: z.boolean().default(false),
    linger: duration().default(10_000),
    buffer: duration().default(5_000),
    live: z.boolean().default(false),
    start: z.number().optional(),
    stop: z.number().optional(),
  })
  .refine(({ always, stream }) => !always || (stream !== undefined && !stream.includes("*")), {
    path: ["stream"],
    error: "a source that is always pulled needs the name of its stream",
  });
export type PullConfig = z.output<typeof pullSourceSchema>;

/** A URL may stand for an object with nothing else in it. */
function addressed<T extends z.ZodType>(schema: T, type: string, words: string) {
  return z
    .custom<string | z.input<T>>(() => true)
    .transform((value): unknown => (typeof value === "string" ? { url: value } : value))
    .pipe(schema as z.ZodType<z.output<T>, unknown>)
    .meta({
      typed: {
        type,
        words,
        json: { anyOf: [{ type: "string" }, { type: "object", required: ["url"] }] },
        write: masked,
      },
    });
}

/** Keys and passwords are not shown. */
function masked(value: unknown): unknown {
  if (typeof value === "string") return maskRtmpUrl(value);
  if (typeof value !== "object" || value === null) return value;
  const { url, name, tcUrl, ...rest } = value as Readonly<Record<string, unknown>>;
  return {
    url: typeof url === "string" ? maskRtmpUrl(url) : url,
    ...(name === undefined ? {} : { name: "***" }),
    ...(typeof tcUrl === "string" ? { tcUrl: maskRtmpUrl(tcUrl) } : {}),
    ...rest,
  };
}

export const pushSchema = z
  .array(
    addressed(
      pushTargetSchema,
      `string | { ${SHARED_TYPE}; untilUnpublish?: boolean }`,
      "an RTMP or RTMPS URL, or a group with `url`",
    ),
  )
  .default([]);

export const pullSchema = z
  .array(
    addressed(
      pullSourceSchema,
      `string | { ${SHARED_TYPE}; always?: boolean; linger?: Duration; buffer?: Duration; live?: boolean; start?: number; stop?: number }`,
      "an RTMP or RTMPS URL, or a group with `url`",
    ),
  )
  .default([]);

/** Whether a stream's name is one of those that are meant; `*` stands for any characters. */
export function isMeant(stream: string | undefined, name: string): boolean {
  if (stream === undefined) return true;
  if (!stream.includes("*")) return stream === name;
  const parts = stream.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(name);
}
