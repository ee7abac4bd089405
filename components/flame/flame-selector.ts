import type { ApiParams } from "@/components/data/fetch-api";

/**
 * The samples that a flame graph is drawn from, in the URL form of the HTTP interface: strings as they stand in a query.
 * Absent fields do not narrow.
 */
export interface FlameSelector {
  /** sample type: `cpu` when absent */
  readonly type?: string;
  readonly service?: string;
  /** id of one received profile */
  readonly profile?: string;
  readonly trace_id?: string;
  readonly span_id?: string;
  readonly scope?: "span" | "subtree";
  /** exact names; several are added up */
  readonly endpoint?: readonly string[];
  /** Unix nanoseconds, RFC 3339 or `now-1h` */
  readonly from?: string;
  readonly to?: string;
  readonly [label: `label.${string}`]: string | undefined;
}

/** @returns the parameters of any route that takes a selector, in one order: equal selectors make equal URLs */
export function selectorParams(selector: FlameSelector): ApiParams {
  const entries = Object.entries(selector).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    entries.map(([key, value]) => [key, Array.isArray(value) ? value.toSorted() : value]),
  );
}
