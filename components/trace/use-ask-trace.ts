"use client";
import { useCallback } from "react";
import { useAskAhead } from "@/components/data/use-api";
import type { FlameSelector } from "@/components/flame/flame-selector";
import { useAskFlamegraph } from "@/components/flame/use-flame-view";
import { traceResponse } from "@/lib/api/contract";

/** The first level of a trace's flame graph. */
export const TRACE_GROUP = "service";

export function wholeTrace(traceId: string): FlameSelector {
  return { type: "cpu", trace_id: traceId };
}

/**
 * Asks for both halves of a trace's page at once: its flame graph does not wait for its spans, nor either for the page's
 * own code.
 */
export function useAskTrace(): (traceId: string) => void {
  const ask = useAskAhead();
  const askFlamegraph = useAskFlamegraph();
  return useCallback(
    (traceId) => {
      ask(`/api/v1/traces/${traceId}`, {}, traceResponse);
      askFlamegraph(wholeTrace(traceId), TRACE_GROUP);
    },
    [ask, askFlamegraph],
  );
}
