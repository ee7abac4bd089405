/** Writes the protobuf wire format into one growing buffer. Fields that are 0 or "" are left out, as protobuf does. */
export class ProtoWriter {
  private bytes = Buffer.allocUnsafeSlow(4_096);
  private length = 0;
  private scratch: ProtoWriter | undefined;

  /** A number from 0 to 2^53, or a bigint of either sign as int64. */
  integer(field: number, value: number | bigint): void {
    if (value === 0 || value === 0n) return;
    this.reserve(20);
    this.varint(field << 3);
    this.varint(value);
  }

  text(field: number, text: string): void {
    this.chunk(field, Buffer.from(text));
  }

  /** Numbers one after another in one field, zeros included. */
  packed(field: number, values: ArrayLike<number | bigint>): void {
    const { length } = values;
    if (length === 0) return;
    this.scratch ??= new ProtoWriter();
    const packed = this.scratch;
    packed.reserve(length * 10);
    for (let index = 0; index < length; index++) packed.varint(values[index] ?? 0);
    this.message(field, packed);
  }

  /** What `message` holds, as a field; it is empty afterwards, ready for the next. */
  message(field: number, message: ProtoWriter): void {
    this.chunk(field, message.toBytes());
    message.length = 0;
  }

  /** A view that the next write may change. */
  toBytes(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  private chunk(field: number, bytes: Buffer): void {
    this.reserve(20 + bytes.length);
    this.varint((field << 3) | 2);
    this.varint(bytes.length);
    bytes.copy(this.bytes, this.length);
    this.length += bytes.length;
  }

  private varint(value: number | bigint): void {
    if (typeof value === "bigint" || value > 0x7fff_ffff) {
      let rest = BigInt.asUintN(64, BigInt(value));
      for (; rest > 0x7fn; rest >>= 7n) this.bytes[this.length++] = Number(rest & 0x7fn) | 0x80;
      this.bytes[this.length++] = Number(rest);
      return;
    }
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.bytes[this.length++] = (rest & 0x7f) | 0x80;
    this.bytes[this.length++] = rest;
  }

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.length + count, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}
