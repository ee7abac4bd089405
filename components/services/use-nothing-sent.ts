"use client";
import { useEffect, useRef } from "react";
import { useAllServices } from "@/components/data/use-services";
import { useTimeRange } from "@/components/shell/use-time-range";

/**
 * Whether the store is known to hold nothing at all. It is asked again while that is so; with the first arrival `now` moves
 * on, so that the pages' range reaches it.
 */
export function useNothingSent(): boolean {
  const { refresh } = useTimeRange();
  const { data } = useAllServices();
  const nothing = data?.services.length === 0;
  const before = useRef(nothing);
  useEffect(() => {
    if (before.current && !nothing) refresh();
    before.current = nothing;
  }, [nothing, refresh]);
  return nothing;
}
