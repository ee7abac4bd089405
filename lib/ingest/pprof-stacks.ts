import { NONE, type PprofReferences } from "@/lib/ingest/pprof-check";
import type { PprofTables } from "@/lib/ingest/pprof-tables";
import { FunctionColumns } from "@/lib/profile/function-columns";
import { Hash64 } from "@/lib/profile/hash64";
import type { FunctionTable, StackTable } from "@/lib/profile/profile";
import { StackColumns } from "@/lib/profile/stack-columns";

/** A deeper stack keeps its ends, which say where it came from and what it does, and one frame in place of the rest. */
const MAX_DEPTH = 512;
const KEPT_AT_ROOT = 256;
const KEPT_AT_LEAF = MAX_DEPTH - KEPT_AT_ROOT - 1;

/** The frames of each location, root first: locations are leaf first in pprof, and so are their inlined lines. */
interface LocationFrames {
  /** Location i: frames offsets[i] .. offsets[i + 1], at least one. */
  readonly offsets: Uint32Array;
  /** Four words a frame, side by side because they are read together: function, line, low and high half of its hash. */
  readonly words: Int32Array;
}

/**
 * Turns samples' locations into stacks, root first, with inlined calls spelled out and equal stacks merged.
 * @throws HotspanError `too-large` beyond `maxFrames`
 */
export function buildStacks(
  tables: PprofTables,
  references: PprofReferences,
  maxFrames: number,
): { functions: FunctionTable; stacks: StackTable; stackOfSample: Uint32Array } {
  const functions = new FunctionColumns();
  const frames = spellOutLocations(tables, references, functions);
  const stacks = new StackColumns(maxFrames, tables.locations.length + 1);
  const stackOfSample = new Uint32Array(tables.sampleCount);
  const { locationOffsets } = tables;
  const { locations } = references;
  const { offsets, words } = frames;
  for (let sample = 0; sample < tables.sampleCount; sample++) {
    const leaf = locationOffsets[sample] ?? 0;
    const afterRoot = locationOffsets[sample + 1] ?? 0;
    const depth = countFrames(offsets, locations, leaf, afterRoot);
    stacks.begin(Math.min(depth, MAX_DEPTH));
    if (depth > MAX_DEPTH) {
      appendCutStack(stacks, functions, frames, locations, leaf, afterRoot, depth);
    } else {
      for (let at = afterRoot - 1; at >= leaf; at--) {
        const location = locations[at] ?? 0;
        const stop = offsets[location + 1] ?? 0;
        for (let frame = offsets[location] ?? 0; frame < stop; frame++) appendFrame(stacks, words, frame);
      }
    }
    stackOfSample[sample] = stacks.end();
  }
  return { functions: functions.toTable(), stacks: stacks.toTable(), stackOfSample };
}

function countFrames(offsets: Uint32Array, locations: Uint32Array, from: number, to: number): number {
  let depth = 0;
  for (let at = from; at < to; at++) {
    const location = locations[at] ?? 0;
    depth += (offsets[location + 1] ?? 0) - (offsets[location] ?? 0);
  }
  return depth;
}

function appendFrame(stacks: StackColumns, words: Int32Array, frame: number): void {
  const at = frame * 4;
  stacks.frame(words[at] ?? 0, words[at + 1] ?? 0, words[at + 2] ?? 0, words[at + 3] ?? 0);
}

/** Steps over whole locations inside the cut, so that the work is the locations sent, not the frames they spell out. */
function appendCutStack(
  stacks: StackColumns,
  functions: FunctionColumns,
  frames: LocationFrames,
  locations: Uint32Array,
  leaf: number,
  afterRoot: number,
  depth: number,
): void {
  const cutStop = depth - KEPT_AT_LEAF;
  let position = 0;
  let isMarked = false;
  for (let at = afterRoot - 1; at >= leaf; at--) {
    const location = locations[at] ?? 0;
    const start = frames.offsets[location] ?? 0;
    const count = (frames.offsets[location + 1] ?? 0) - start;
    let skipped = 0;
    while (skipped < count) {
      if (position < KEPT_AT_ROOT || position >= cutStop) {
        appendFrame(stacks, frames.words, start + skipped);
        position++;
        skipped++;
        continue;
      }
      if (!isMarked) appendMarker(stacks, functions, cutStop - KEPT_AT_ROOT);
      isMarked = true;
      const step = Math.min(count - skipped, cutStop - position);
      position += step;
      skipped += step;
    }
  }
}

function appendMarker(stacks: StackColumns, functions: FunctionColumns, count: number): void {
  const marker = functions.add(`(${count} frames cut)`, "", "", 0);
  const hash = new Hash64();
  functions.hashFrame(hash, marker, 0);
  stacks.frame(marker, 0, hash.low, hash.high);
}

function spellOutLocations(
  tables: PprofTables,
  references: PprofReferences,
  functions: FunctionColumns,
): LocationFrames {
  const functionIndexes = addFunctions(tables, functions);
  const locationCount = tables.locationIds.length;
  const capacity = tables.lineFunctions.length + locationCount;
  const frames: LocationFrames = {
    offsets: new Uint32Array(locationCount + 1),
    words: new Int32Array(capacity * 4),
  };
  const lineNumbers = tables.lineNumbers.view();
  const hash = new Hash64();
  let next = 0;
  const add = (fn: number, line: number) => {
    functions.hashFrame(hash, fn, line);
    frames.words.set([fn, line, hash.low, hash.high], next++ * 4);
  };
  for (let location = 0; location < locationCount; location++) {
    frames.offsets[location] = next;
    const innermost = tables.lineOffsets[location] ?? 0;
    const outermost = (tables.lineOffsets[location + 1] ?? 0) - 1;
    if (outermost < innermost) add(addUnnamed(tables, references, functions, location), 0);
    for (let line = outermost; line >= innermost; line--) {
      const known = functionIndexes[references.lineFunctions[line] ?? 0] ?? NONE;
      const index = known === NONE ? addUnnamed(tables, references, functions, location) : known;
      add(index, lineNumbers[line] ?? 0);
    }
  }
  frames.offsets[locationCount] = next;
  return frames;
}

/** @returns the index of each of the profile's functions in ours, NONE for those without a name */
function addFunctions(tables: PprofTables, functions: FunctionColumns): Uint32Array {
  const { strings } = tables;
  const indexes = new Uint32Array(tables.functionIds.length);
  for (let fn = 0; fn < indexes.length; fn++) {
    const name = strings.text(tables.functionNames[fn] ?? 0);
    const systemName = strings.text(tables.functionSystemNames[fn] ?? 0);
    const file = strings.text(tables.functionFiles[fn] ?? 0);
    // A name that only the linker knows is still better than none.
    indexes[fn] =
      name === "" && systemName === ""
        ? NONE
        : functions.add(name || systemName, systemName, file, tables.functionStartLines[fn] ?? 0);
  }
  return indexes;
}

/** A frame without a name: `[libc.so.6]` after its mapping, as pprof prints it. */
function addUnnamed(
  tables: PprofTables,
  references: PprofReferences,
  functions: FunctionColumns,
  location: number,
): number {
  const mapping = references.locationMappings[location] ?? NONE;
  const file = mapping === NONE ? "" : tables.strings.text(tables.mappingFiles[mapping] ?? 0);
  const name = file === "" ? "<unknown>" : `[${file.slice(file.lastIndexOf("/") + 1)}]`;
  return functions.add(name, "", file, 0);
}
