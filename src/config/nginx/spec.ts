import { parseNginxSize, parseNginxTime } from "./values.ts";

/** The block a directive stands in. */
export type Context =
  | "root"
  | "events"
  | "rtmp"
  | "server"
  | "application"
  | "recorder"
  | "http"
  | "http server"
  | "location"
  | "if";

/** What arguments a directive takes; the first mistake found by `check` is what was expected. */
export type ArgsSpec = {
  readonly min: number;
  readonly max: number;
  /** For documentation: `time`, `on | off`. */
  readonly form: string;
  /** Says what was expected of an argument, or undefined when it is fine. */
  check?(arg: string, index: number, args: readonly string[]): string | undefined;
  /** Upper case counts as lower case. */
  readonly anyCase?: boolean;
};

/** Puts a value into the configuration; the path starts at the application, or at the root for the others. */
export type Put = (path: readonly string[], value: unknown) => void;

/** What becomes of a directive. */
export type Outcome =
  /** A block or value that the translation of its surroundings reads. */
  | { readonly status: "mapped"; readonly to: string; readonly apply?: (args: readonly string[], put: Put) => void }
  /** Harmless to leave out. */
  | { readonly status: "ignored"; readonly why: string }
  | {
      readonly status: "unsupported";
      /** What to do instead. */
      readonly instead: string;
      /** It restricts access: leaving it out opens what was closed, so the start is refused. */
      readonly guard?: boolean;
      /** With these arguments it asks for nothing, and is ignored. */
      readonly inert?: (args: readonly string[]) => boolean;
    };

export type DirectiveSpec = {
  readonly name: string;
  readonly contexts: readonly Context[];
  readonly args: ArgsSpec;
  readonly outcome: Outcome;
  /** It takes a block: the context inside; `values` when its lines are not directives, `foreign` when they are not read. */
  readonly block?: Context | "values" | "foreign";
  /** May stand more than once in a block. */
  readonly repeats?: boolean;
};

export const none: ArgsSpec = { min: 0, max: 0, form: "" };
export const flag: ArgsSpec = {
  ...one("on | off", (arg) => (/^(on|off)$/i.test(arg) ? undefined : '"on" or "off"')),
  anyCase: true,
};
export const time: ArgsSpec = one("time", expectTime);
export const timeOrOff: ArgsSpec = one("time | off", (arg) => (arg === "off" ? undefined : expectTime(arg)));
export const size: ArgsSpec = one("size", (arg) =>
  parseNginxSize(arg) === undefined ? "a size such as 4096, 512k or 1M" : undefined,
);
export const number: ArgsSpec = one("number", (arg) =>
  /^\d{1,15}$/.test(arg) ? undefined : "a whole number without a unit",
);
export const path: ArgsSpec = one("path");
export const text: ArgsSpec = one("text");
export const url: ArgsSpec = one("url");

/** Whom an access rule is about. */
export const rule: ArgsSpec = {
  min: 1,
  max: 2,
  form: "[play | publish] address | all",
  check: (arg, index, args) => {
    if (index < args.length - 1) return arg === "play" || arg === "publish" ? undefined : '"play" or "publish"';
    return /^(all|\d+(\.\d+){3}(\/\d+)?|[0-9a-fA-F:]*:[0-9a-fA-F:.]*(\/\d+)?)$/.test(arg)
      ? undefined
      : 'an address, a network such as 10.0.0.0/8, or "all"';
  },
};

/** Any words; for directives whose own rules do not matter here. */
export function words(min: number, max: number = Number.POSITIVE_INFINITY, form = "..."): ArgsSpec {
  return { min, max, form };
}

export function oneOf(...values: readonly string[]): ArgsSpec {
  return { ...anyOf(...values), max: 1 };
}

export function anyOf(...values: readonly string[]): ArgsSpec {
  const check = (arg: string) =>
    values.includes(arg) ? undefined : `one of ${values.map((value) => `"${value}"`).join(", ")}`;
  return { min: 1, max: Number.POSITIVE_INFINITY, form: values.join(" | "), check };
}

function one(form: string, check?: ArgsSpec["check"]): ArgsSpec {
  return { min: 1, max: 1, form, ...(check ? { check } : {}) };
}

function expectTime(arg: string): string | undefined {
  return parseNginxTime(arg) === undefined ? "a time such as 500ms, 3s or 1m30s" : undefined;
}

type Options = Pick<DirectiveSpec, "block" | "repeats">;

export function directive(
  name: string,
  contexts: readonly Context[],
  args: ArgsSpec,
  outcome: Outcome,
  options: Options = {},
): DirectiveSpec {
  return { name, contexts, args, outcome, ...options };
}

export const mapped = (to: string, apply?: (args: readonly string[], put: Put) => void): Outcome => ({
  status: "mapped",
  to,
  ...(apply ? { apply } : {}),
});
export const ignored = (why: string): Outcome => ({ status: "ignored", why });
export const unsupported = (instead: string, inert?: (args: readonly string[]) => boolean): Outcome => ({
  status: "unsupported",
  instead,
  ...(inert ? { inert } : {}),
});
/** As `unsupported`, for what keeps somebody out. */
export const guard = (instead: string, inert?: (args: readonly string[]) => boolean): Outcome => ({
  ...unsupported(instead, inert),
  status: "unsupported",
  guard: true,
  instead,
});
/** For `inert`: the first argument is one of these. */
export const when =
  (...values: readonly string[]) =>
  (args: readonly string[]): boolean =>
    values.includes(args[0] ?? "");
