/** Functions and stacks of a profile from frames that come one by one, for formats without pprof's tables. */
import { FunctionColumns } from "@/lib/profile/function-columns";
import { Hash64 } from "@/lib/profile/hash64";
import { StackColumns } from "@/lib/profile/stack-columns";

/** A deeper stack keeps its ends, which say where it came from and what it does, and one frame in place of the rest. */
const MAX_DEPTH = 512;
const KEPT_AT_ROOT = 256;
const KEPT_AT_LEAF = MAX_DEPTH - KEPT_AT_ROOT - 1;
const MAX_FRAMES = 24_000_000;

export class StackDraft {
  readonly functions = new FunctionColumns();
  readonly stacks = new StackColumns(MAX_FRAMES);
  private readonly hash = new Hash64();

  /** @returns the function's index; one without a name is called after its mapping, `[libc.so.6]`, as pprof prints it */
  addFunction(
    name: string,
    systemName: string,
    file: string,
    startLine: number,
    mappingFile: string,
  ): number {
    if (name !== "" || systemName !== "") {
      return this.functions.add(name || systemName, systemName, file, startLine);
    }
    const mapping = mappingFile.slice(mappingFile.lastIndexOf("/") + 1);
    return this.functions.add(mapping === "" ? "<unknown>" : `[${mapping}]`, "", mappingFile, 0);
  }

  /**
   * @param functions indexes of `addFunction`, leaf first, as senders write stacks
   * @param lines parallel to it; 0 when unknown
   * @returns the stack's index; equal stacks have the same
   * @throws HotspanError `too-large`
   */
  addStack(functions: readonly number[], lines: readonly number[]): number {
    const depth = functions.length;
    this.stacks.begin(Math.min(depth, MAX_DEPTH));
    const cutFrom = depth > MAX_DEPTH ? depth - KEPT_AT_ROOT : 0; // leaf-first positions [KEPT_AT_LEAF, cutFrom) go
    for (let at = depth - 1; at >= 0; at--) {
      if (depth > MAX_DEPTH && at === cutFrom - 1) {
        this.frame(this.functions.add(`(${cutFrom - KEPT_AT_LEAF} frames cut)`, "", "", 0), 0);
        at = KEPT_AT_LEAF;
        continue;
      }
      this.frame(functions[at] ?? 0, lines[at] ?? 0);
    }
    return this.stacks.end();
  }

  private frame(index: number, line: number): void {
    this.functions.hashFrame(this.hash, index, line);
    this.stacks.frame(index, line, this.hash.low, this.hash.high);
  }
}
