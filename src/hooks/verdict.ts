import type { Verdict } from "../streams/admission.ts";

export const ALLOW: Verdict = { type: "allow" };
/** What a client is told that is refused without a reason. */
export const NO_REASON = "not allowed here";
/** Of a reason or name that a hook gives. */
const MAX_TEXT = 1024;

/** A hook that did not decide: it threw, was late, or could not be reached. */
export class HookFailure extends Error {
  override readonly name = "HookFailure";
}

/** Reads what a function returned, or a webhook sent as JSON. @throws HookFailure when it is none of the forms of `HookAnswer` */
export function toVerdict(answer: unknown): Verdict {
  if (answer === undefined || answer === null || answer === true) return ALLOW;
  if (answer === false) return { type: "deny", reason: NO_REASON };
  if (typeof answer !== "object") throw new HookFailure(`the answer is a ${typeof answer}`);
  const { deny, rename, redirect, name } = answer as Readonly<Record<string, unknown>>;
  if (isText(deny)) return { type: "deny", reason: deny };
  if (deny === true || deny === "") return { type: "deny", reason: NO_REASON };
  if (isText(rename)) return { type: "rename", name: rename };
  if (isText(redirect)) return { type: "redirect", url: redirect, ...(isText(name) ? { name } : {}) };
  // Such as `{}`, or `{ ok: true }`, of a server that answers so to everything.
  if (deny === undefined && rename === undefined && redirect === undefined) return ALLOW;
  if (deny === false) return ALLOW;
  throw new HookFailure("the answer is none of { deny }, { rename }, { redirect }");
}

const isText = (value: unknown): value is string =>
  typeof value === "string" && value.length > 0 && value.length <= MAX_TEXT;
