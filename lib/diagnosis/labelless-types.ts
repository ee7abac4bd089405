/**
 * Types that Go's runtime and V8 write without any label: both know user labels in CPU samples only (Go: in goroutine
 * profiles too; golang/go#23458). Java's async-profiler and JFR label allocations as well.
 */
const LABELLESS = /^(?:alloc_|inuse_|mutex|block|threadcreate|contentions|delay)/;

/** @param language telemetry.sdk.language, "" when unknown */
export function carriesLabels(type: string, language = ""): boolean {
  return language === "java" || !LABELLESS.test(type);
}
