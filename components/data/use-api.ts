"use client";
import { keepPreviousData, type UseQueryResult, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import type { z } from "zod";
import type { HotspanError } from "@/lib/errors";
import { type ApiParams, buildApiUrl, fetchApi } from "./fetch-api";

interface ApiOptions<T> {
  /** false: not now (a parameter is still missing). */
  enabled?: boolean;
  /** Shows the answer to the previous parameters until the new one is there; default true. */
  keepPrevious?: boolean;
  /** Milliseconds between automatic repeats, after what was last answered. */
  refetchInterval?: (last: T | undefined) => number | false;
  /** What the server already knew when it rendered the page. */
  initialData?: T;
  /** Milliseconds for which an answer is taken as fresh; default 30 s. */
  staleTime?: number;
}

/**
 * GET of the HTTP interface: checked against its schema, aborted when nobody waits any more.
 * `error.message` is a sentence to show; `isPlaceholderData` says that the data belong to other parameters.
 */
export function useApi<T>(
  path: string,
  params: ApiParams,
  schema: z.ZodType<T>,
  options: ApiOptions<NoInfer<T>> = {},
): UseQueryResult<T, HotspanError> {
  return useQuery<T, HotspanError>({
    ...apiQuery(path, params, schema),
    enabled: options.enabled ?? true,
    refetchInterval: ({ state }) => options.refetchInterval?.(state.data) ?? false,
    ...(options.initialData === undefined ? {} : { initialData: options.initialData }),
    ...(options.staleTime === undefined ? {} : { staleTime: options.staleTime }),
    ...(options.keepPrevious === false ? {} : { placeholderData: keepPreviousData }),
  });
}

/** Asks now for what `useApi` with the same arguments will want: whoever comes then finds it, or joins in waiting. */
export function useAskAhead(): <T>(path: string, params: ApiParams, schema: z.ZodType<T>) => void {
  const client = useQueryClient();
  return useCallback(
    (path, params, schema) => void client.prefetchQuery(apiQuery(path, params, schema)),
    [client],
  );
}

function apiQuery<T>(path: string, params: ApiParams, schema: z.ZodType<T>) {
  const url = buildApiUrl(path, params);
  return {
    queryKey: ["api", path, url],
    queryFn: ({ signal }: { signal: AbortSignal }) => fetchApi(url, schema, { signal }),
  };
}
