import { z } from "zod";
import type { EndpointsQuery } from "@/lib/api/query";
import { catalogue } from "@/lib/store/catalogue";

/** Some 24 hours of a hundred processes that push every minute are more; the newest count then. */
const MAX_PROFILES = 20_000;

const counts = z.record(z.string(), z.number().nonnegative());

/**
 * Requests that profilers counted themselves (Datadog's `endpoint_counts`), of profiles whose window begins in the range:
 * by service, then endpoint.
 */
export async function sumEndpointCounts({
  from,
  service,
  to,
}: EndpointsQuery): Promise<Map<string, Map<string, number>>> {
  const profiles = await (await catalogue()).profile.findMany({
    where: {
      NOT: { endpointCounts: "" },
      state: "stored",
      ...(service === undefined ? {} : { service }),
      // Decimal text of 19 digits, from 2001 to 2262, sorts as its number does.
      startUnixNano: {
        ...(from === undefined ? {} : { gte: String(from) }),
        ...(to === undefined ? {} : { lt: String(to) }),
      },
    },
    select: { service: true, endpointCounts: true },
    orderBy: { startUnixNano: "desc" },
    take: MAX_PROFILES,
  });
  const sums = new Map<string, Map<string, number>>();
  for (const { endpointCounts, service: name } of profiles) {
    const ofService = sums.get(name) ?? new Map<string, number>();
    sums.set(name, ofService);
    for (const [endpoint, requests] of Object.entries(counts.catch({}).parse(JSON.parse(endpointCounts)))) {
      ofService.set(endpoint, (ofService.get(endpoint) ?? 0) + requests);
    }
  }
  return sums;
}
