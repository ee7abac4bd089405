/** A column of 32-bit numbers whose length is known only at the end. */
export class Uint32Column {
  data: Uint32Array;
  length = 0;

  constructor(capacity = 64) {
    this.data = new Uint32Array(capacity);
  }

  /** Makes room for `count` more values; `data` may be another array afterwards. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.data.length) return;
    const grown = new Uint32Array(Math.max(needed, this.data.length * 2));
    grown.set(this.data.subarray(0, this.length));
    this.data = grown;
  }

  push(value: number): void {
    if (this.length === this.data.length) this.reserve(1);
    this.data[this.length++] = value;
  }

  /** The values so far, a view that a later `push` may leave behind. */
  view(): Uint32Array {
    return this.data.subarray(0, this.length);
  }

  /** A copy of exactly the values, without the spare room. */
  copy(): Uint32Array {
    return this.data.slice(0, this.length);
  }
}
