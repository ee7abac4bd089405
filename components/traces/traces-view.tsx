"use client";

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import Link from "next/link";
import { parseAsString, useQueryState } from "nuqs";
import { useCallback } from "react";
import { buildApiUrl, fetchApi } from "@/components/data/fetch-api";
import { useApi } from "@/components/data/use-api";
import { useAllServices } from "@/components/data/use-services";
import { SendData } from "@/components/services/send-data";
import { useNothingSent } from "@/components/services/use-nothing-sent";
import { EmptyRange } from "@/components/shell/empty-range";
import { useRangeLink } from "@/components/shell/use-time-range";
import { DurationHeatmap } from "@/components/traces/duration-heatmap";
import { FilterBar } from "@/components/traces/filter-bar";
import { TracesTable } from "@/components/traces/traces-table";
import { type TraceFilters, useTraceFilters } from "@/components/traces/use-trace-filters";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorState } from "@/components/ui/error-state";
import { PageHeader, Panel } from "@/components/ui/panel";
import { Skeleton } from "@/components/ui/skeleton";
import { heatmapResponse, tracesResponse } from "@/lib/api/contract";
import type { HotspanError } from "@/lib/errors";
import { formatCount, formatCountExact, formatCounted } from "@/lib/format";

const PAGE_SIZE = 100;

/** The list of traces under a heat map of their durations; both by the same filters. */
export function TracesView() {
  const filters = useTraceFilters();
  const nothingSent = useNothingSent();
  const [sort, setSort] = useQueryState("sort", parseAsString.withDefault("-start"));
  const heatmap = useApi("/api/v1/traces/heatmap", filters.params, heatmapResponse);
  const list = useTraceList({ ...filters.params, sort });
  const { fetchNextPage, isFetchingNextPage, hasNextPage } = list;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [fetchNextPage, hasNextPage, isFetchingNextPage]);

  const traces = list.data?.pages.flatMap((page) => page.traces) ?? [];
  const total = list.data?.pages[0]?.total ?? 0;
  const error = list.error ?? heatmap.error;
  if (nothingSent) {
    return (
      <>
        <PageHeader title="Traces" />
        <SendData />
      </>
    );
  }
  return (
    <>
      <PageHeader
        title="Traces"
        summary={
          list.data ? (
            <Total traces={total} dropped={filters.active ? 0 : (list.data.pages[0]?.droppedRequests ?? 0)} />
          ) : error ? undefined : (
            <Skeleton className="w-20" />
          )
        }
      />
      <FilterBar filters={filters} />
      <Panel>
        {error ? (
          <ErrorState
            title="The traces could not be loaded"
            error={error}
            onRetry={filters.range.refresh}
            retrying={list.isFetching}
          />
        ) : list.data && total === 0 ? (
          <NoTraces filters={filters} />
        ) : (
          <>
            <div className="border-b">
              {heatmap.data ? (
                <DurationHeatmap heatmap={heatmap.data} filters={filters} />
              ) : (
                <div className="px-3 py-3">
                  <Skeleton className="h-[160px] w-full" />
                </div>
              )}
            </div>
            <TracesTable
              traces={traces}
              total={total}
              sort={sort}
              onSort={(next) => void setSort(next)}
              onNearEnd={more}
              loading={list.isPending}
              stale={list.isPlaceholderData}
            />
          </>
        )}
      </Panel>
    </>
  );
}

function Total({ traces, dropped }: { traces: number; dropped: number }) {
  const range = useRangeLink();
  if (dropped === 0) return formatCounted(traces, "trace");
  return (
    <>
      <span>{formatCounted(traces, "trace")}</span> ·{" "}
      <Link
        href={range("/settings/sampling")}
        className="hover:text-ink hover:underline"
        title={formatCountExact(dropped)}
      >
        {formatCount(dropped)} {dropped === 1 ? "request" : "requests"} not kept
      </Link>
    </>
  );
}

function useTraceList(params: Parameters<typeof buildApiUrl>[1]) {
  const url = buildApiUrl("/api/v1/traces", { ...params, limit: PAGE_SIZE });
  return useInfiniteQuery<
    Awaited<ReturnType<typeof loadPage>>,
    HotspanError,
    { pages: Awaited<ReturnType<typeof loadPage>>[] },
    string[],
    string | null
  >({
    queryKey: ["api", "/api/v1/traces", url],
    queryFn: ({ pageParam, signal }) => loadPage(url, pageParam, signal),
    initialPageParam: null,
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
  });
}

function loadPage(url: string, cursor: string | null, signal: AbortSignal) {
  return fetchApi(cursor === null ? url : `${url}&cursor=${encodeURIComponent(cursor)}`, tracesResponse, {
    signal,
  });
}

/** Nothing to list: because of the filters, or in this range. */
function NoTraces({ filters }: { filters: TraceFilters }) {
  const services = useAllServices();
  if (!filters.active) return <EmptyRange services={services.data?.services ?? []} what="traces" />;
  return (
    <EmptyState
      title="No trace matches these filters"
      actions={
        <>
          <Button onClick={filters.clear}>Clear the filters</Button>
          <Button onClick={() => filters.range.setRange({ from: "now-7d", to: "now" })}>Last 7 days</Button>
        </>
      }
    >
      Loosen a filter, or look at a longer time.
    </EmptyState>
  );
}
