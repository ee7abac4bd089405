/** ClickHouse's way of saying no: a code, a name, a sentence. The official client turns the text into a typed error. */
export class EngineException extends Error {
  override readonly name = "EngineException";

  constructor(
    /** ClickHouse's numeric error code, e.g. 62 */
    readonly code: number,
    /** its name, e.g. SYNTAX_ERROR */
    readonly type: string,
    message: string,
  ) {
    super(message);
  }
}

export function syntaxError(message: string): EngineException {
  return new EngineException(62, "SYNTAX_ERROR", message);
}

export function refused(message: string): EngineException {
  return new EngineException(392, "QUERY_IS_PROHIBITED", message);
}

export function overloaded(message: string): EngineException {
  return new EngineException(202, "TOO_MANY_SIMULTANEOUS_QUERIES", message);
}

/** Shape of what the engine's own errors say: "Code: 62. DB::Exception: ... (SYNTAX_ERROR)". */
const nativeText = /^Code: (\d+)\. DB::Exception: /s;

/**
 * The HTTP answer for anything thrown while a statement ran.
 * @returns the status ClickHouse's own HTTP handler would choose, the code for its header, and the text the client parses
 */
export function describeException(error: unknown): { status: number; code: number; text: string } {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof EngineException) {
    return {
      status: statusOf(error.code),
      code: error.code,
      text: `Code: ${error.code}. DB::Exception: ${message} (${error.type})\n`,
    };
  }
  const native = nativeText.exec(message);
  if (native !== null) {
    const code = Number(native[1]);
    return { status: statusOf(code), code, text: `${message}\n` };
  }
  return { status: 500, code: 1002, text: `Code: 1002. DB::Exception: ${message} (UNKNOWN_EXCEPTION)\n` };
}

function statusOf(code: number): number {
  switch (code) {
    case 60: // UNKNOWN_TABLE
    case 81: // UNKNOWN_DATABASE
      return 404;
    case 62: // SYNTAX_ERROR
    case 47: // UNKNOWN_IDENTIFIER
    case 115: // UNKNOWN_SETTING
    case 456: // UNKNOWN_QUERY_PARAMETER
      return 400;
    case 164: // READONLY
    case 392: // QUERY_IS_PROHIBITED
      return 403;
    case 202: // TOO_MANY_SIMULTANEOUS_QUERIES
    case 241: // MEMORY_LIMIT_EXCEEDED
    case 243: // NOT_ENOUGH_SPACE
    case 394: // QUERY_WAS_CANCELLED
      return 503;
    case 516: // AUTHENTICATION_FAILED
      return 401;
    default:
      return 500;
  }
}
