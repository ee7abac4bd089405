import { identifyFunction } from "@/lib/profile/function-identity";
import { Hash64 } from "@/lib/profile/hash64";
import { HIGH, halvesOf, LOW } from "@/lib/profile/int64";
import type { FunctionTable } from "@/lib/profile/profile";
import { Uint32Column } from "@/lib/profile/uint32-column";

/** Collects the functions of one profile; what is the same function by `identifyFunction` gets the same index. */
export class FunctionColumns {
  private readonly hash = new Hash64();
  private readonly indexes = new Map<bigint, number>();
  private readonly names: string[] = [];
  private readonly systemNames: string[] = [];
  private readonly files: string[] = [];
  private readonly startLines = new Uint32Column();
  private readonly halves = new Uint32Column();

  /** @returns the function's index */
  add(name: string, systemName: string, file: string, startLine: number): number {
    const { low, high } = identifyFunction(this.hash, name, file, startLine);
    const id = this.hash.toBigInt();
    const known = this.indexes.get(id);
    if (known !== undefined) return known;
    const index = this.names.length;
    this.indexes.set(id, index);
    this.names.push(name);
    this.systemNames.push(systemName);
    this.files.push(file);
    this.startLines.push(startLine);
    this.halves.reserve(2);
    this.halves.data[index * 2 + LOW] = low;
    this.halves.data[index * 2 + HIGH] = high;
    this.halves.length += 2;
    return index;
  }

  /** Leaves the hash of one frame, this function at a line, in `into`. */
  hashFrame(into: Hash64, index: number, line: number): void {
    const { data } = this.halves;
    into.reset(0x0f02);
    into.pair(data[index * 2 + LOW] ?? 0, data[index * 2 + HIGH] ?? 0);
    into.pair(line, 0).finish();
  }

  toTable(): FunctionTable {
    const ids = new BigUint64Array(this.names.length);
    halvesOf(ids).set(this.halves.view());
    const { files, names, systemNames } = this;
    return { ids, names, systemNames, files, startLines: this.startLines.copy() };
  }
}
