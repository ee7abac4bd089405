"use client";

import { parseAsBoolean, parseAsNativeArrayOf, parseAsString, useQueryStates } from "nuqs";
import { useMemo } from "react";
import type { ApiParams } from "@/components/data/fetch-api";
import { useTimeRange } from "@/components/shell/use-time-range";

const FILTERS = {
  service: parseAsString,
  endpoint: parseAsNativeArrayOf(parseAsString),
  min_duration: parseAsString,
  max_duration: parseAsString,
  errors: parseAsBoolean.withDefault(false),
  profiled: parseAsBoolean.withDefault(false),
  q: parseAsString,
};

const NONE = {
  service: null,
  endpoint: null,
  min_duration: null,
  max_duration: null,
  errors: null,
  profiled: null,
  q: null,
};

/** What the URL says about which traces are listed, and the same as parameters of `/api/v1/traces` and its heat map. */
export function useTraceFilters() {
  const range = useTimeRange();
  const [filters, setFilters] = useQueryStates(FILTERS, { history: "push", scroll: false });
  const params: ApiParams = useMemo(
    () => ({
      ...range.params,
      service: filters.service,
      endpoint: filters.endpoint,
      min_duration: filters.min_duration,
      max_duration: filters.max_duration,
      status: filters.errors ? "error" : null,
      has_profile: filters.profiled ? "true" : null,
      q: filters.q,
    }),
    [range.params, filters],
  );
  const active = Object.entries(filters).some(([, value]) =>
    Array.isArray(value) ? value.length > 0 : value !== null && value !== false && value !== "",
  );
  return { filters, setFilters, params, active, range, clear: () => void setFilters(NONE) };
}

export type TraceFilters = ReturnType<typeof useTraceFilters>;
