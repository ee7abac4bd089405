import { HotspanError, invalidInput } from "@/lib/errors";
import type { PprofLimits } from "@/lib/ingest/pprof-limits";
import type { Uint32Column } from "@/lib/profile/uint32-column";

const MAX_VARINT_BYTES = 10;
/** Ids from here on stand for larger ones, see `key`. */
const FIRST_STAND_IN = 0xf000_0000;

/**
 * Walks protobuf where millions of small numbers must go into columns: a 64-bit varint is left in two halves (`low`,
 * `high`) instead of a BigInt, packed numbers go straight into a column, and everything read counts against a budget.
 * Malformed bytes end in a HotspanError `invalid-input` that names the place.
 *
 * A message's loop runs `while (cursor.at < end)` and ends with `cursor.leave(end)`, which refuses a field that ran
 * over the end of its message; reads themselves only check the end of the buffer.
 */
export class PprofCursor {
  at = 0;
  /** Signed halves of the last varint. */
  low = 0;
  high = 0;
  private fields = 0;
  /** Ids that do not fit 32 bits (addresses, hashes) and the numbers that stand for them. */
  private readonly standIns = new Map<bigint, number>();

  constructor(
    readonly bytes: Uint8Array,
    private readonly limits: Pick<PprofLimits, "maxFields" | "maxLocations">,
  ) {}

  /** @returns `field << 3 | wire type` */
  tag(): number {
    if (++this.fields > this.limits.maxFields) throw this.tooManyFields();
    const byte = this.bytes[this.at];
    if (byte !== undefined && byte >= 8 && byte < 0x80) {
      this.at++;
      return byte;
    }
    const tag = this.uint32("field number");
    if (tag < 8) throw this.malformed("field number 0");
    return tag;
  }

  /** Leaves a varint in `low` and `high`; bits beyond the 64th are dropped, as Go does. */
  varint(): void {
    const { bytes } = this;
    let at = this.at;
    let byte = bytes[at++];
    if (byte === undefined) throw this.malformed("a number cut off");
    let low = byte & 0x7f;
    let high = 0;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (shift >= 7 * MAX_VARINT_BYTES) throw this.malformed("a number of more than 10 bytes");
      byte = bytes[at++];
      if (byte === undefined) throw this.malformed("a number cut off");
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift === 28) high = bits >>> 4;
      else if (shift > 28) high |= bits << (shift - 32);
    }
    this.at = at;
    this.low = low;
    this.high = high;
  }

  /** A number that has no business beyond 32 bits: a string index, a length. */
  uint32(what: string): number {
    const byte = this.bytes[this.at];
    if (byte !== undefined && byte < 0x80) {
      this.at++;
      return byte;
    }
    this.varint();
    if (this.high !== 0) throw this.malformed(`a ${what} out of range`);
    return this.low >>> 0;
  }

  /** A line number: what is negative or beyond 32 bits is as good as unknown, 0. */
  line(): number {
    this.varint();
    return this.high === 0 ? this.low >>> 0 : 0;
  }

  /** An id as a 32-bit key: itself, or a number that stands for it as long as this cursor lives. */
  key(): number {
    this.varint();
    const low = this.low >>> 0;
    if (this.high === 0 && low < FIRST_STAND_IN) return low;
    const id = (BigInt(this.high >>> 0) << 32n) | BigInt(low);
    let standIn = this.standIns.get(id);
    if (standIn === undefined) {
      standIn = FIRST_STAND_IN + this.standIns.size;
      this.standIns.set(id, standIn);
    }
    return standIn;
  }

  /** The id behind a key, for messages. */
  idOf(key: number): string {
    for (const [id, standIn] of this.standIns) if (standIn === key) return String(id);
    return String(key);
  }

  /** Enters a length-delimited field inside a message that ends at `end`. @returns where the field ends */
  enter(end: number): number {
    const length = this.uint32("length");
    if (length > end - this.at) throw this.malformed("a length past the end of its message");
    return this.at + length;
  }

  /** Ends a message whose fields were all read. */
  leave(end: number): void {
    if (this.at !== end) throw this.malformed("a field running over the end of its message");
  }

  /** Reads packed ids into a column. */
  packedKeys(end: number, into: Uint32Column): void {
    const { bytes } = this;
    const stop = this.enter(end);
    into.reserve(stop - this.at);
    const { data } = into;
    let { length } = into;
    while (this.at < stop) {
      const one = bytes[this.at] ?? 0;
      const two = bytes[this.at + 1] ?? 0;
      if (one < 0x80) {
        this.at++;
        data[length++] = one;
      } else if (two < 0x80) {
        this.at += 2;
        data[length++] = (one & 0x7f) | (two << 7);
      } else {
        data[length++] = this.key();
      }
    }
    into.length = length;
    this.leave(stop);
    if (length > this.limits.maxLocations) {
      throw new HotspanError(
        "too-large",
        `The profile's samples have more than ${this.limits.maxLocations} locations: profile a shorter time.`,
      );
    }
  }

  /** Counts values that share a field against the budget. */
  spend(count: number): void {
    this.fields += count;
    if (this.fields > this.limits.maxFields) throw this.tooManyFields();
  }

  /**
   * Steps over a field nobody reads.
   * @param known the message's highest field that we do read: such a field here has the wrong wire type
   */
  skip(tag: number, end: number, known: number): void {
    if (tag >>> 3 <= known) throw this.malformed(`field ${tag >>> 3} of wire type ${tag & 7}`);
    this.step(tag, end);
  }

  /** Steps over a field's value. */
  step(tag: number, end: number): void {
    switch (tag & 7) {
      case 0:
        this.varint();
        return;
      case 1:
        this.at += 8;
        break;
      case 2:
        this.at = this.enter(end);
        return;
      case 5:
        this.at += 4;
        break;
      default:
        throw this.malformed(`wire type ${tag & 7}`);
    }
    if (this.at > end) throw this.malformed("a value cut off");
  }

  malformed(what: string): HotspanError {
    const { length } = this.bytes;
    return invalidInput(
      `This is not a readable pprof: ${what} at byte ${Math.min(this.at, length)} of ${length}.`,
    );
  }

  private tooManyFields(): HotspanError {
    return new HotspanError(
      "too-large",
      `The profile has more than ${this.limits.maxFields} fields and values: profile a shorter time.`,
    );
  }
}
