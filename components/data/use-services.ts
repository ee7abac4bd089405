"use client";
import { useMemo } from "react";
import { assignColours, colourOf } from "@/components/ui/palette";
import { servicesResponse } from "@/lib/api/contract";
import { useApi } from "./use-api";

/** Every service that the store knows, whatever range is looked at: for pickers and colours. It counts all spans, so it is asked seldom. */
export function useAllServices() {
  return useApi("/api/v1/services", {}, servicesResponse, {
    staleTime: 300_000,
    refetchInterval: (last) => (last?.services.length === 0 ? 2_000 : false),
  });
}

/**
 * The colour of a service, the same on every page: assigned over all services, so that two of them share one only when
 * there are more than ten.
 */
export function useServiceColour(): (service: string) => string {
  const { data } = useAllServices();
  return useMemo(() => {
    const colours = assignColours(data?.services.map(({ name }) => name) ?? []);
    return (service) => colours.get(service) ?? colourOf(service);
  }, [data]);
}
