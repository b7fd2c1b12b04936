import { MalformedError } from "../../src/bytes/errors.ts";

/** False for MalformedError; anything else thrown fails the test. */
export function survives(decode: () => unknown): boolean {
  try {
    decode();
    return true;
  } catch (error) {
    if (error instanceof MalformedError) return false;
    throw error;
  }
}
