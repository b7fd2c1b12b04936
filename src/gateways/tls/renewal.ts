import { z } from "zod";
import type { CertificateFacts } from "./pair.ts";

/** What is kept of attempts to get a certificate, so that a server that is started again and again does not try each time. */
const attemptsSchema = z.object({ failures: z.int().min(0), at: z.number() });
export type Attempts = z.output<typeof attemptsSchema>;

const MINUTE = 60_000;
/**
 * From one failed attempt to the next, then the last for ever. Let's Encrypt refuses a name for an hour after five failures in an
 * hour; this is at most four.
 */
const BACK_OFF = [1, 10, 30, 60, 180, 360, 720].map((minutes) => minutes * MINUTE);

/**
 * When to ask for a certificate next, in milliseconds since 1970.
 * @param facts of the certificate at hand, if there is one
 */
export function nextAttempt(
  facts: CertificateFacts | undefined,
  domains: readonly string[],
  { failures, at }: Attempts,
): number {
  const due = facts && covers(facts, domains) ? renewAt(facts) : 0;
  if (failures === 0) return due;
  const pause = BACK_OFF[Math.min(failures, BACK_OFF.length) - 1] ?? 0;
  return Math.max(due, at + pause);
}

/** Whether a certificate is for all of the names. */
export function covers({ names }: CertificateFacts, domains: readonly string[]): boolean {
  const held = new Set(names.map((name) => name.toLowerCase()));
  return domains.every((domain) => held.has(domain.toLowerCase()));
}

/** When a third of its time is left: 30 of 90 days, two of six. */
function renewAt({ validFrom, validTo }: CertificateFacts): number {
  return validFrom + ((validTo - validFrom) * 2) / 3;
}

export function formatAttempts(attempts: Attempts): string {
  return JSON.stringify(attempts);
}

/** Nothing, and what is malformed, are no attempts. */
export function parseAttempts(text: string | undefined): Attempts {
  try {
    return attemptsSchema.parse(JSON.parse(text ?? ""));
  } catch {
    return { failures: 0, at: 0 };
  }
}
