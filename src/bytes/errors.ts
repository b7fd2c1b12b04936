/** Bytes from a peer or a file that do not have the form their format demands. The only error a decoder throws. */
export class MalformedError extends Error {
  override readonly name = "MalformedError";
  readonly code = "malformed";

  /** @param what what was being read and what is wrong with it; @param offset where, in bytes from the start of the input */
  constructor(
    readonly what: string,
    readonly offset: number = 0,
  ) {
    super(`${what} (at byte ${offset})`);
  }
}
