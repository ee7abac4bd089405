"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { z } from "zod";
import { fetchApi } from "@/components/data/fetch-api";
import { useApi } from "@/components/data/use-api";
import { capturesResponse, targetsResponse } from "@/lib/api/targets-contract";

export const TARGETS = "/api/v1/targets";
export const CAPTURES = "/api/v1/captures";

/** While the page is open it follows what the collector does. */
const LIVE = { staleTime: 0, refetchInterval: () => 2_000 } as const;

export function useTargets() {
  return useApi(TARGETS, {}, targetsResponse, LIVE);
}

export function useCaptures() {
  return useApi(CAPTURES, { limit: 50 }, capturesResponse, LIVE);
}

/** A change by JSON, after which the tables are asked again. */
export function useChange<T>(schema: z.ZodType<T>, onDone?: (answer: T) => void) {
  const client = useQueryClient();
  return useMutation<T, Error, { method: "POST" | "PATCH" | "DELETE"; path: string; body?: unknown }>({
    mutationFn: ({ body, method, path }) =>
      fetchApi(path, schema, {
        method,
        headers: { "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    onSuccess: async (answer) => {
      onDone?.(answer);
      await Promise.all(
        [TARGETS, CAPTURES].map((path) => client.invalidateQueries({ queryKey: ["api", path] })),
      );
    },
  });
}
