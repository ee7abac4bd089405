"use client";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { type ApiParams, buildApiUrl, fetchApi } from "@/components/data/fetch-api";
import { type ProfilesResponse, profilesResponse } from "@/lib/api/profiles-contract";
import type { HotspanError } from "@/lib/errors";

const PATH = "/api/v1/profiles";
const PAGE_SIZE = 200;

/** Received profiles page by page; `more` asks for the next one unless it is on its way. */
export function useProfileList(params: ApiParams) {
  const url = buildApiUrl(PATH, { ...params, limit: PAGE_SIZE, format: "json" });
  const list = useInfiniteQuery<
    ProfilesResponse,
    HotspanError,
    { pages: ProfilesResponse[] },
    string[],
    string | null
  >({
    queryKey: ["api", PATH, url],
    queryFn: ({ pageParam, signal }) =>
      fetchApi(
        pageParam === null ? url : `${url}&cursor=${encodeURIComponent(pageParam)}`,
        profilesResponse,
        { signal },
      ),
    initialPageParam: null,
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
  });
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = list;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [fetchNextPage, hasNextPage, isFetchingNextPage]);
  return {
    list,
    more,
    profiles: list.data?.pages.flatMap((page) => page.profiles) ?? [],
    total: list.data?.pages[0]?.total ?? 0,
  };
}
