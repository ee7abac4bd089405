"use client";
import { useMemo } from "react";
import type { ChartMark } from "@/components/chart/chart-marks";
import { useApi } from "@/components/data/use-api";
import { capturesResponse } from "@/lib/api/targets-contract";
import { formatTime } from "@/lib/format";

/** Of a range; a chart has no room for more. */
const LIMIT = 100;

/** The captures of a service that have something to show, as marks of a time axis. */
export function useCaptureMarks(
  service: string | null,
  range: { readonly from: string; readonly to: string },
): readonly ChartMark[] {
  const params = { service, ...range, limit: LIMIT };
  const { data } = useApi("/api/v1/captures", params, capturesResponse, {
    enabled: service !== null,
    keepPrevious: false,
  });
  return useMemo(
    () =>
      (data?.captures ?? [])
        .filter(({ profiles }) => profiles.length > 0)
        .map(({ id, reason, startUnixNano }) => ({
          id,
          atNs: BigInt(startUnixNano),
          label: `Capture at ${formatTime(startUnixNano).slice(0, 8)}: ${reason}`,
          href: `/captures/${id}`,
        })),
    [data],
  );
}
