import type { Service } from "@/lib/api/contract";

export type ServiceColumn = "name" | "requests" | "errors" | "p95" | "cpu" | "last";

const VALUES = new Map<string, (service: Service) => number>([
  ["requests", ({ requests }) => requests],
  ["errors", ({ errors, requests }) => (requests === 0 ? 0 : errors / requests)],
  ["p95", ({ p95Ns }) => p95Ns ?? -1],
  ["cpu", ({ cpuNs }) => cpuNs],
  ["last", ({ lastSeenUnixNano }) => Number(lastSeenUnixNano)],
]);

/** @param sort a column, `-` before it for descending; ties and unknown columns go by name */
export function sortServices(services: readonly Service[], sort: string): readonly Service[] {
  const descending = sort.startsWith("-");
  const value = VALUES.get(descending ? sort.slice(1) : sort) ?? (() => 0);
  const byName = (a: Service, b: Service) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  const nameOrder = sort === "-name" ? -1 : 1;
  return services.toSorted(
    (a, b) => (descending ? value(b) - value(a) : value(a) - value(b)) || nameOrder * byName(a, b),
  );
}
