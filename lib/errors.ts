/** What went wrong, in the words of the HTTP interface. The status is chosen in `lib/api/respond` and nowhere else. */
export type ErrorCode =
  | "invalid-input"
  | "forbidden"
  | "not-found"
  | "too-large"
  | "unsupported-media-type"
  | "overloaded"
  | "unavailable"
  | "internal";

/** An error whose message is a sentence that the user can act on. */
export class HotspanError extends Error {
  override readonly name = "HotspanError";

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: { cause?: unknown; retryAfterSeconds?: number },
  ) {
    super(message, { cause: options?.cause });
    this.retryAfterSeconds = options?.retryAfterSeconds;
  }

  /** Seconds after which a retry makes sense (1-5), for `overloaded` and `unavailable`. */
  readonly retryAfterSeconds: number | undefined;
}

export function invalidInput(message: string): HotspanError {
  return new HotspanError("invalid-input", message);
}
