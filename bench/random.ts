export type Random = (below: number) => number;

/** xorshift: the same in every run. */
export function randomBelow(seed: number): Random {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** @param digits a multiple of 8 */
export function randomHex(random: Random, digits: number): string {
  return Array.from({ length: digits / 8 }, () =>
    random(2 ** 31)
      .toString(16)
      .padStart(8, "0"),
  ).join("");
}
