import type { EndpointRow, EndpointsResponse } from "@/lib/api/contract";
import { UNATTRIBUTED } from "@/lib/correlation/selector";

export type EndpointColumn =
  | "endpoint"
  | "requests"
  | "errors"
  | "p50"
  | "p95"
  | "p99"
  | "cpu"
  | "per_request"
  | "samples";

export interface EndpointSums {
  readonly requests: number;
  readonly errors: number;
  readonly cpuNs: number;
  readonly cpuShare: number;
  readonly sampleCount: number;
}

const VALUES = new Map<string, (row: EndpointRow) => number>([
  ["requests", ({ requests }) => requests],
  ["errors", ({ errors, requests }) => (requests === 0 ? 0 : errors / requests)],
  ["p50", ({ p50Ns }) => p50Ns ?? -1],
  ["p95", ({ p95Ns }) => p95Ns ?? -1],
  ["p99", ({ p99Ns }) => p99Ns ?? -1],
  ["cpu", ({ cpuNs }) => cpuNs],
  ["per_request", ({ cpuPerRequestNs }) => cpuPerRequestNs ?? -1],
  ["samples", ({ sampleCount }) => sampleCount],
]);

/** @param sort a column, `-` before it for descending; ties and unknown columns go by name */
export function sortEndpoints(rows: readonly EndpointRow[], sort: string): readonly EndpointRow[] {
  const descending = sort.startsWith("-");
  const value = VALUES.get(descending ? sort.slice(1) : sort) ?? (() => 0);
  const nameOrder = sort === "-endpoint" ? -1 : 1;
  return rows.toSorted(
    (a, b) =>
      (descending ? value(b) - value(a) : value(a) - value(b)) ||
      nameOrder * (a.endpoint < b.endpoint ? -1 : a.endpoint > b.endpoint ? 1 : 0),
  );
}

/**
 * Adds up the endpoints named in `only` (all without it), samples of no endpoint included under their own name.
 * Quantiles do not add up and are left out.
 */
export function sumEndpoints(answer: EndpointsResponse, only?: ReadonlySet<string>): EndpointSums {
  const total = totalOf(answer);
  const rows = answer.endpoints.filter(({ endpoint }) => only === undefined || only.has(endpoint));
  const rest =
    only === undefined || only.has(UNATTRIBUTED) ? answer.unattributed : { cpuNs: 0, sampleCount: 0 };
  const cpuNs = rows.reduce((sum, row) => sum + row.cpuNs, rest.cpuNs);
  return {
    requests: rows.reduce((sum, row) => sum + row.requests, 0),
    errors: rows.reduce((sum, row) => sum + row.errors, 0),
    cpuNs,
    cpuShare: total === 0 ? 0 : cpuNs / total,
    sampleCount: rows.reduce((sum, row) => sum + row.sampleCount, rest.sampleCount),
  };
}

function totalOf({ endpoints, unattributed }: EndpointsResponse): number {
  return endpoints.reduce((sum, row) => sum + row.cpuNs, unattributed.cpuNs);
}
