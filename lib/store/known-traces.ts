/** Bits a trace takes in the filter, and how many of them are set: 1 of 100 new traces is taken for a known one. */
const BITS_EACH = 10;
const PROBES = 7;

/**
 * Of which traces something has been seen, in bounded memory and never wrong in one direction: what is called new is
 * new. Two Bloom filters: when the younger is full the older is dropped, and with it the knowledge of traces that began
 * before the younger did.
 */
export class KnownTraces {
  private young: Uint32Array;
  private old: Uint32Array;
  private held = 0;
  private youngSince: number;

  /**
   * @param capacity traces a filter holds
   * @param coversFrom Unix seconds: whatever was seen of traces that begin at or after it has been added, or will be.
   * Infinity knows nothing, and calls no trace new.
   */
  constructor(
    private readonly capacity: number,
    private coversFrom: number,
  ) {
    this.young = this.empty();
    this.old = this.young;
    this.youngSince = coversFrom;
  }

  /** @param begins Unix seconds of the earliest that is now known of the trace */
  isNew(traceId: string, begins: number): boolean {
    return begins >= this.coversFrom && !has(this.young, traceId) && !has(this.old, traceId);
  }

  /** @param now Unix seconds */
  add(traceId: string, now: number): void {
    if (has(this.young, traceId)) return;
    if (this.held >= this.capacity) {
      // What goes may have come in the very second in which the younger began.
      if (this.old !== this.young) this.coversFrom = Math.max(this.coversFrom, this.youngSince + 1);
      this.old = this.young;
      this.young = this.empty();
      this.youngSince = now;
      this.held = 0;
    }
    for (const bit of bitsOf(traceId, this.young)) {
      this.young[bit >>> 5] = (this.young[bit >>> 5] ?? 0) | (1 << (bit & 31));
    }
    this.held++;
  }

  private empty(): Uint32Array {
    return new Uint32Array(Math.ceil((this.capacity * BITS_EACH) / 32));
  }
}

function has(filter: Uint32Array, traceId: string): boolean {
  for (const bit of bitsOf(traceId, filter)) {
    if (((filter[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) return false;
  }
  return true;
}

/** Double hashing over FNV-1a: ids need not be random, and some are padded with zeros. */
function bitsOf(traceId: string, filter: Uint32Array): number[] {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let i = 0; i < traceId.length; i++) {
    const code = traceId.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x5bd1e995);
    b ^= b >>> 15;
  }
  a ^= a >>> 16;
  b |= 1;
  const size = filter.length * 32;
  return Array.from({ length: PROBES }, (_, i) => ((a + Math.imul(i, b)) >>> 0) % size);
}
