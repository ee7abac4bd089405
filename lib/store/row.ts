/**
 * Reading a row as the engine's JSON gives it. Plain checks rather than a schema: a trace page reads 50,000 rows, and
 * what they hold is decided by our own SQL. A column of another shape is our mistake and throws.
 */
import { type UnixNano, unixNano } from "@/lib/units";

export interface Row {
  readonly [column: string]: unknown;
}

export function textColumn(row: Row, column: string): string {
  const value = row[column];
  if (typeof value === "string") return value;
  throw wrong(column, "text", value);
}

/** Any numeric column; quoted 64-bit integers above 2^53 lose digits, as sums of nanoseconds may. NaN and infinity are null in JSON. */
export function numberColumn(row: Row, column: string): number {
  const value = row[column];
  if (typeof value === "number") return value;
  if (typeof value === "string" && value !== "" && !Number.isNaN(Number(value))) return Number(value);
  throw wrong(column, "a number", value);
}

/** A number, or null for NULL and NaN (a quantile of nothing). */
export function nullableNumberColumn(row: Row, column: string): number | null {
  return row[column] === null ? null : numberColumn(row, column);
}

/** An instant selected as `toUnixTimestamp64Nano(...)`. */
export function unixNanoColumn(row: Row, column: string): UnixNano {
  return unixNano(BigInt(textColumn(row, column)));
}

export function textsColumn(row: Row, column: string): string[] {
  const value = row[column];
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw wrong(column, "an array of texts", value);
}

/** A Map(String, String). Own keys only, so `__proto__` is a key like any other. */
export function mapColumn(row: Row, column: string): Map<string, string> {
  return mapValue(row[column], column);
}

export function mapsColumn(row: Row, column: string): Map<string, string>[] {
  const value = row[column];
  if (Array.isArray(value)) return value.map((item) => mapValue(item, column));
  throw wrong(column, "an array of maps", value);
}

function mapValue(value: unknown, column: string): Map<string, string> {
  if (typeof value !== "object" || value === null) throw wrong(column, "a map", value);
  return new Map(Object.entries(value).map(([key, item]) => [key, String(item)]));
}

function wrong(column: string, expected: string, value: unknown): Error {
  return new Error(`Column ${column} should be ${expected} but is ${JSON.stringify(value)?.slice(0, 80)}.`);
}
