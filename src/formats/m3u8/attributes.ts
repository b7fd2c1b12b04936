import { MalformedError } from "../../bytes/errors.ts";

/** Attribute list of a tag (RFC 8216bis 4.2). Quoted strings come without their quotes. */
export type Attributes = ReadonlyMap<string, string>;

/** More attributes than any tag has; a longer list is not a playlist. */
const MAX_ATTRIBUTES = 64;
const ATTRIBUTE = /([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s][^",]*)(,|$)/y;

/** @throws MalformedError where the text is not a list, or a name repeats */
export function parseAttributes(text: string): Attributes {
  const attributes = new Map<string, string>();
  let at = 0;
  while (at < text.length) {
    ATTRIBUTE.lastIndex = at;
    const match = ATTRIBUTE.exec(text);
    if (!match) throw new MalformedError(`attribute list: "${text.slice(at, at + 40)}"`, at);
    const [all, name = "", value = "", comma] = match;
    if (attributes.has(name)) throw new MalformedError(`attribute list: ${name} twice`, at);
    if (attributes.size === MAX_ATTRIBUTES) throw new MalformedError("attribute list: too long", at);
    attributes.set(name, value.startsWith('"') ? value.slice(1, -1) : value);
    at += all.length;
    if (comma === "," && at === text.length) throw new MalformedError("attribute list: ends with a comma", at);
  }
  return attributes;
}

/** @throws MalformedError when it is missing */
export function required(attributes: Attributes, name: string): string {
  const value = attributes.get(name);
  if (value === undefined) throw new MalformedError(`attribute ${name} is missing`);
  return value;
}

/** A decimal-integer or decimal-floating-point. @throws MalformedError */
export function parseDecimal(text: string, what: string): number {
  if (!/^-?\d{1,20}(\.\d{0,20})?$/.test(text))
    throw new MalformedError(`${what}: "${text.slice(0, 40)}" is not a number`);
  return Number(text);
}

/** @throws MalformedError */
export function parseInteger(text: string, what: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new MalformedError(`${what}: "${text.slice(0, 40)}" is not an integer`);
  return value;
}

export function optionalDecimal(attributes: Attributes, name: string): number | undefined {
  const value = attributes.get(name);
  return value === undefined ? undefined : parseDecimal(value, name);
}

/** Seconds with as many of six decimals as needed. */
export function formatSeconds(seconds: number): string {
  return String(Math.round(seconds * 1e6) / 1e6);
}
