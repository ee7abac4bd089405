/** Collects lines of JSONCompactEachRow as UTF-8 bytes. Text is joined in pieces: neither a string nor a buffer a row. */
export class RowText {
  private bytes = Buffer.allocUnsafeSlow(65_536);
  private length = 0;
  private pending = "";

  /** Bytes so far, lines that wait not counted. */
  get byteLength(): number {
    return this.length;
  }

  add(line: string): void {
    this.pending += line;
    if (this.pending.length > 32_768) this.flush();
  }

  /** @returns where the next line begins */
  end(): number {
    this.flush();
    return this.length;
  }

  toBytes(): Uint8Array {
    this.flush();
    return this.bytes.subarray(0, this.length);
  }

  private flush(): void {
    const needed = this.length + this.pending.length * 3;
    if (needed > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
      this.bytes.copy(larger, 0, 0, this.length);
      this.bytes = larger;
    }
    this.length += this.bytes.write(this.pending, this.length, "utf8");
    this.pending = "";
  }
}
