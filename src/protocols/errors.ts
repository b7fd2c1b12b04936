/** The peer broke the protocol, or a limit of ours. Ends the session; `message` says what it did. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";

  constructor(
    message: string,
    readonly code: "protocol-error" | "limit-reached" = "protocol-error",
  ) {
    super(message);
  }
}
