/** Typed parameters, `{name:Type}` in the statement, bound by `SET param_name` on the session of the request. */
import { EngineException } from "./exceptions";

/**
 * @param value as the HTTP protocol carries it: already escaped as one TSV field (by the client), so only the
 * quoting of a SQL literal is added here
 * @returns one assignment for a SET statement
 */
export function formatParameter(name: string, value: string): string {
  if (!/^[A-Za-z_]\w{0,127}$/.test(name)) {
    throw new EngineException(36, "BAD_ARGUMENTS", "The name of a query parameter is not usable.");
  }
  const literal = value.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\0", "\\0");
  return `param_${name}='${literal}'`;
}
