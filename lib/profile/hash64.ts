/**
 * A fast 64-bit hash for the ids of functions and stacks: two 32-bit lanes, each multiplied and rotated per word and
 * fed into the other, finished with MurmurHash3's avalanche. Not cryptographic: who can write profiles can make two
 * stacks collide, as they could write any stack. 64 bits make an accidental collision among 10 million stacks a chance
 * of 3 in a million. The ids are stored: another mix here would part old profiles from new ones.
 */
export class Hash64 {
  /** Signed halves, so that they stay small integers in V8. */
  low = 0;
  high = 0;

  reset(seed: number): this {
    this.low = seed;
    this.high = ~seed;
    return this;
  }

  /** Two 32-bit words, such as the halves of another hash. */
  pair(low: number, high: number): this {
    const left = Math.imul(rotate(this.low ^ low, 15), 0x9e37_79b1) + this.high;
    this.high = Math.imul(rotate(this.high ^ high, 13), 0x85eb_ca77) ^ left;
    this.low = left | 0;
    return this;
  }

  /** Text by its UTF-16 units, two a step, its length last so that "ab","c" differs from "a","bc". */
  text(text: string): this {
    const { length } = text;
    for (let index = 0; index < length; index += 2) {
      this.pair(text.charCodeAt(index), index + 1 < length ? text.charCodeAt(index + 1) : -1);
    }
    return this.pair(length, 0x5bd1_e995);
  }

  /** Spreads every bit over all 64; the halves are then the id. */
  finish(): this {
    let low = this.low;
    let high = this.high;
    low = Math.imul(low ^ (low >>> 16), 0x85eb_ca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2_ae35);
    high = Math.imul(high ^ (high >>> 16), 0x85eb_ca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2_ae35);
    this.low = low ^ (high >>> 15);
    this.high = high;
    return this;
  }

  toBigInt(): bigint {
    return (BigInt(this.high >>> 0) << 32n) | BigInt(this.low >>> 0);
  }
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
