import { HotspanError } from "@/lib/errors";
import { Hash64 } from "@/lib/profile/hash64";
import { HIGH, halvesOf, LOW } from "@/lib/profile/int64";
import type { StackTable } from "@/lib/profile/profile";
import { Uint32Column } from "@/lib/profile/uint32-column";

const STACK_SEED = 0x57ac;
/** A million samples of 64 frames, Go's deepest, are well within. */
const MAX_REPEATS = 3;

/**
 * Collects distinct stacks. A stack's frames are appended root first and `end` looks its id up: known already, the
 * frames are taken back. So equal stacks cost a hash and no memory.
 */
export class StackColumns {
  private functions: Uint32Array;
  private lines: Uint32Array;
  /** Frames so far, those of the stack being appended included. */
  private frameCount = 0;
  /** Frames of all stacks so far. */
  private appended = 0;
  private readonly offsets = new Uint32Column(1_024);
  private readonly halves = new Uint32Column(2_048);
  private readonly hash = new Hash64();
  /** Open addressing: stack index + 1, or 0. Its length is a power of two, at least twice the stacks. */
  private slots = new Int32Array(4_096);

  /**
   * @param maxFrames of all distinct stacks; of all stacks, known ones too, MAX_REPEATS times as many
   * @param expectedFrames a guess that saves copying
   */
  constructor(
    private readonly maxFrames: number,
    expectedFrames = 4_096,
  ) {
    const capacity = Math.min(maxFrames, expectedFrames);
    this.functions = new Uint32Array(capacity);
    this.lines = new Uint32Array(capacity);
    this.offsets.push(0);
    this.hash.reset(STACK_SEED);
  }

  /**
   * Begins a stack of at most `depth` frames.
   * @throws HotspanError `too-large` when so many were appended that the time, not the memory, is too much
   */
  begin(depth: number): void {
    this.appended += depth;
    if (this.appended > this.maxFrames * MAX_REPEATS)
      throw this.tooManyFrames(this.maxFrames * MAX_REPEATS, "");
    const needed = this.frameCount + depth;
    if (needed <= this.functions.length) return;
    const capacity = Math.max(needed, this.functions.length * 2);
    this.functions = grown(this.functions, capacity);
    this.lines = grown(this.lines, capacity);
  }

  /** Adds a frame given its function's index, its line, and the hash of both (FunctionColumns.hashFrame). */
  frame(fn: number, line: number, hashLow: number, hashHigh: number): void {
    const at = this.frameCount++;
    this.functions[at] = fn;
    this.lines[at] = line;
    this.hash.pair(hashLow, hashHigh);
  }

  /**
   * Ends a stack.
   * @returns its index
   * @throws HotspanError `too-large` beyond the limit on frames
   */
  end(): number {
    const { low, high } = this.hash.finish();
    this.hash.reset(STACK_SEED);
    const slot = this.findSlot(low, high);
    const known = this.slots[slot] ?? 0;
    const count = this.offsets.length - 1;
    if (known !== 0) {
      this.frameCount = this.offsets.data[count] ?? 0;
      return known - 1;
    }
    if (this.frameCount > this.maxFrames) {
      throw this.tooManyFrames(this.maxFrames, "distinct ");
    }
    this.slots[slot] = count + 1;
    this.offsets.push(this.frameCount);
    this.halves.reserve(2);
    this.halves.data[count * 2 + LOW] = low;
    this.halves.data[count * 2 + HIGH] = high;
    this.halves.length += 2;
    if ((count + 1) * 2 > this.slots.length) this.growSlots(count + 1);
    return count;
  }

  toTable(): StackTable {
    const ids = new BigUint64Array(this.offsets.length - 1);
    halvesOf(ids).set(this.halves.view());
    return {
      ids,
      offsets: this.offsets.view(),
      functions: this.functions.subarray(0, this.frameCount),
      lines: this.lines.subarray(0, this.frameCount),
    };
  }

  private tooManyFrames(limit: number, which: string): HotspanError {
    return new HotspanError(
      "too-large",
      `The profile's ${which}stacks have more than ${limit} frames: profile a shorter time.`,
    );
  }

  private findSlot(low: number, high: number): number {
    const mask = this.slots.length - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const stack = (this.slots[slot] ?? 0) - 1;
      if (stack === -1) return slot;
      const { data } = this.halves;
      if ((data[stack * 2 + LOW] ?? 0) === low >>> 0 && (data[stack * 2 + HIGH] ?? 0) === high >>> 0)
        return slot;
    }
  }

  private growSlots(count: number): void {
    this.slots = new Int32Array(this.slots.length * 4);
    const { data } = this.halves;
    for (let stack = 0; stack < count; stack++) {
      const slot = this.findSlot((data[stack * 2 + LOW] ?? 0) | 0, (data[stack * 2 + HIGH] ?? 0) | 0);
      this.slots[slot] = stack + 1;
    }
  }
}

function grown(column: Uint32Array, capacity: number): Uint32Array {
  const larger = new Uint32Array(capacity);
  larger.set(column);
  return larger;
}
