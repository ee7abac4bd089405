/**
 * 64-bit integers in columns without a BigInt per value: a BigInt64Array and an Int32Array look at the same bytes, and
 * the hot loops write the halves. `LOW` and `HIGH` are the halves' places inside a pair, by the machine's byte order.
 */
export const LOW = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1;
export const HIGH = 1 - LOW;

const TWO_32 = 4_294_967_296;

/** The halves of a 64-bit column, two for each value. */
export function halvesOf(column: BigInt64Array | BigUint64Array): Int32Array {
  return new Int32Array(column.buffer, column.byteOffset, column.length * 2);
}

/** A signed value from its halves: a number, rounded beyond 2^53. */
export function numberOfHalves(low: number, high: number): number {
  return high * TWO_32 + (low >>> 0);
}

/** 16 lower-case hex digits of an unsigned value. */
export function hexOfHalves(low: number, high: number): string {
  return (high >>> 0).toString(16).padStart(8, "0") + (low >>> 0).toString(16).padStart(8, "0");
}

/** The exact sum of every `stride`-th value from `first`; up to 2^20 values before the low halves' sum would round. */
export function sumOfColumn(column: BigInt64Array, first = 0, stride = 1): bigint {
  const halves = halvesOf(column);
  let sum = 0n;
  let lows = 0;
  let highs = 0;
  let pending = 0;
  for (let index = first; index < column.length; index += stride) {
    lows += (halves[index * 2 + LOW] ?? 0) >>> 0;
    highs += halves[index * 2 + HIGH] ?? 0;
    if (++pending === 1_048_576) {
      sum += (BigInt(highs) << 32n) + BigInt(lows);
      lows = highs = pending = 0;
    }
  }
  return sum + (BigInt(highs) << 32n) + BigInt(lows);
}
