"use client";
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { type HealthResponse, healthResponse } from "@/lib/api/contract";
import { HotspanError } from "@/lib/errors";

/**
 * What the installation says of itself; an error when nothing answers. The route answers 503 with the same body when a
 * part is down, so the status is not asked.
 * @param repeatMs until the next question
 */
export function useHealth(
  repeatMs: number | ((last: HealthResponse | undefined) => number),
): UseQueryResult<HealthResponse, HotspanError> {
  return useQuery<HealthResponse, HotspanError>({
    queryKey: ["health"],
    queryFn: async ({ signal }) => {
      const body: unknown = await fetch("/api/v1/health", { signal }).then(
        (response) => response.json(),
        () => undefined,
      );
      const parsed = healthResponse.safeParse(body);
      if (parsed.success) return parsed.data;
      throw new HotspanError(
        "unavailable",
        "Hotspan does not answer. Check that it is still running, then try again.",
      );
    },
    refetchInterval: ({ state }) =>
      typeof repeatMs === "number" ? repeatMs : repeatMs(state.error === null ? state.data : undefined),
    staleTime: 0,
    retry: false,
  });
}
