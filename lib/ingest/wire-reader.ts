import { invalidInput } from "@/lib/errors";

/** Deeper nesting than any message we read; a sender's recursion ends here, not in our stack. */
const MAX_NESTING = 32;
const MAX_VARINT_BYTES = 10;
const MAX_SHARED_LENGTH = 40;
const SHARED_SLOTS = 2_048;

export const WIRE_VARINT = 0;
export const WIRE_FIXED64 = 1;
export const WIRE_BYTES = 2;
export const WIRE_FIXED32 = 5;

/**
 * Reads the protobuf wire format in place: no copies, no objects per field. Every read is checked against the end of
 * the message it is in, so truncated or random bytes end in one HotspanError (`invalid-input`) that names the offset.
 *
 *     const outer = reader.enter();              // of a length-delimited field
 *     for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) ...
 *     reader.leave(outer);
 */
export class WireReader {
  position = 0;
  private end: number;
  private depth = 0;
  private readonly texts = new Array<string | undefined>(SHARED_SLOTS);

  constructor(readonly bytes: Buffer) {
    this.end = bytes.length;
  }

  /** @returns `field << 3 | wire type`, or 0 at the end of the message */
  tag(): number {
    if (this.position >= this.end) return 0;
    const tag = this.varint();
    if (tag < 8 || tag > 0xffff_ffff) throw this.malformed("a field number out of range");
    return tag;
  }

  /** A varint as a number: exact below 2^53, else rounded (lengths, enums, flags). */
  varint(): number {
    let value = this.byte();
    if (value < 0x80) return value;
    value &= 0x7f;
    let scale = 0x80;
    for (let count = 1; count < MAX_VARINT_BYTES; count++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw this.malformed("a number of more than 10 bytes");
  }

  /** An int64 in two's complement: a number when it is exact, else a bigint. */
  int64(): number | bigint {
    const start = this.position;
    const value = this.varint();
    if (value <= Number.MAX_SAFE_INTEGER) return value;
    this.position = start;
    let exact = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      exact |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, exact);
    }
  }

  fixed32(): number {
    return this.bytes.readUInt32LE(this.advance(4));
  }

  fixed64(): bigint {
    return this.bytes.readBigUInt64LE(this.advance(8));
  }

  double(): number {
    return this.bytes.readDoubleLE(this.advance(8));
  }

  /** The text of a length-delimited field; bytes that are not UTF-8 become U+FFFD. */
  text(): string {
    const length = this.length();
    const start = this.advance(length);
    if (length === 0) return "";
    return length <= MAX_SHARED_LENGTH ? this.shared(start, length) : this.decode(start, length);
  }

  /** The bytes of a length-delimited field, a view on the input. */
  view(): Buffer {
    const length = this.length();
    const start = this.advance(length);
    return this.bytes.subarray(start, start + length);
  }

  /** An id as lower-case hex; one longer than `bytes` stays recognisably too long without being copied whole. */
  hex(bytes: number): string {
    const length = this.length();
    const start = this.advance(length);
    return length === 0 ? "" : this.bytes.toString("hex", start, start + Math.min(length, bytes + 1));
  }

  /** Nothing is left of the message or packed field that was entered. */
  get isAtEnd(): boolean {
    return this.position >= this.end;
  }

  /** Goes into a length-delimited message. @returns what `leave` needs to come back */
  enter(): number {
    const length = this.length();
    return this.enterAt(this.position, length);
  }

  /** Goes into a message whose place was noted by `mark`. */
  enterAt(start: number, length: number): number {
    if (++this.depth > MAX_NESTING) throw this.malformed(`messages nested deeper than ${MAX_NESTING}`);
    const outer = this.end;
    this.position = start;
    this.end = start + length;
    return outer;
  }

  /** Ends the message that `enter` went into, at its end wherever reading stopped. */
  leave(outer: number): void {
    this.position = this.end;
    this.end = outer;
    this.depth--;
  }

  /** Notes a length-delimited message for `enterAt` and steps over it. */
  mark(places: number[]): void {
    const length = this.length();
    places.push(this.position, length);
    this.position += length;
  }

  /** Steps over the value of an unknown field. Groups ended with proto2; nothing we read ever had one. */
  skip(tag: number): void {
    switch (tag & 7) {
      case WIRE_VARINT:
        this.varint();
        return;
      case WIRE_FIXED64:
        this.advance(8);
        return;
      case WIRE_BYTES:
        this.advance(this.length());
        return;
      case WIRE_FIXED32:
        this.advance(4);
        return;
      default:
        throw this.malformed(`wire type ${tag & 7}`);
    }
  }

  /**
   * Keys and short values repeat in every span: the same bytes give the same string object, found by its hash and
   * compared byte by byte, which is cheaper than decoding them again.
   */
  private shared(start: number, length: number): string {
    const { bytes } = this;
    let hash = length;
    for (let index = start; index < start + length; index++) {
      const byte = bytes[index] ?? 0;
      if (byte >= 0x80) return this.decode(start, length);
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    const slot = (hash ^ (hash >>> 15)) & (SHARED_SLOTS - 1);
    const known = this.texts[slot];
    if (known !== undefined && known.length === length) {
      let index = 0;
      while (index < length && known.charCodeAt(index) === bytes[start + index]) index++;
      if (index === length) return known;
    }
    const text = bytes.toString("latin1", start, start + length);
    this.texts[slot] = text;
    return text;
  }

  private decode(start: number, length: number): string {
    return this.bytes.toString("utf8", start, start + length);
  }

  private length(): number {
    const length = this.varint();
    if (length > this.end - this.position) throw this.malformed("a length past the end of its message");
    return length;
  }

  private byte(): number {
    const byte = this.position < this.end ? this.bytes[this.position] : undefined;
    if (byte === undefined) throw this.malformed("a number cut off");
    this.position++;
    return byte;
  }

  private advance(count: number): number {
    const start = this.position;
    if (count > this.end - start) throw this.malformed("a value cut off");
    this.position = start + count;
    return start;
  }

  private malformed(what: string): Error {
    return invalidInput(`Malformed protobuf: ${what} at byte ${this.position} of ${this.bytes.length}.`);
  }
}
