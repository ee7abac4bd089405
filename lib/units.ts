/** An instant in nanoseconds since 1970-01-01 UTC. A bigint, because 2026 in nanoseconds exceeds 2^53. */
export type UnixNano = bigint & { readonly __unit: "unix-nano" };

/** A duration in nanoseconds. A number is exact up to 104 days, longer than any span or profile. */
export type Nanos = number;

export const NANOS_PER_MILLI = 1_000_000;
export const NANOS_PER_SECOND = 1_000_000_000;

/** ClickHouse's DateTime64(9) ends on 2262-04-11: later instants cannot be stored. */
export const MAX_UNIX_NANO = 9_223_372_036_854_775_807n;

export function unixNano(value: bigint): UnixNano {
  return value as UnixNano;
}

export function unixNanoFromMillis(millis: number): UnixNano {
  return (BigInt(Math.trunc(millis)) * 1_000_000n) as UnixNano;
}
