const UNITS: ReadonlyMap<string, string> = new Map([
  ["samples", "count"],
  ["sample", "count"],
  ["cpu", "nanoseconds"],
  ["wall", "nanoseconds"],
  ["mutex", "nanoseconds"],
  ["block", "nanoseconds"],
  ["mutex_contentions", "count"],
  ["block_contentions", "count"],
  ["alloc_objects", "count"],
  ["alloc_space", "bytes"],
  ["inuse_objects", "count"],
  ["inuse_space", "bytes"],
  ["goroutine", "count"],
  ["threadcreate", "count"],
]);

/** @returns the unit that values of a type are stored in (sample-type.ts), undefined for a profiler's own types */
export function unitOfType(type: string): string | undefined {
  return UNITS.get(type.replace(/_change$/, ""));
}
