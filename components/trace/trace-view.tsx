"use client";

import { parseAsString, parseAsStringLiteral, useQueryStates } from "nuqs";
import { useEffect, useMemo, useRef } from "react";
import { useApi } from "@/components/data/use-api";
import { useServiceColour } from "@/components/data/use-services";
import { FlamePanel } from "@/components/flame/flame-panel";
import type { FlameSelector } from "@/components/flame/flame-selector";
import { SpanDetail } from "@/components/trace/span-detail";
import { TraceHeader } from "@/components/trace/trace-header";
import { TraceSkeleton } from "@/components/trace/trace-skeleton";
import { TRACE_GROUP, useAskTrace, wholeTrace } from "@/components/trace/use-ask-trace";
import { Waterfall } from "@/components/trace/waterfall";
import { buildWaterfallTree } from "@/components/trace/waterfall-rows";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorState } from "@/components/ui/error-state";
import { Segmented } from "@/components/ui/segmented";
import { traceResponse } from "@/lib/api/contract";

const SCOPES = ["trace", "subtree", "span"] as const;
const SCOPE_NAMES = {
  trace: "this trace",
  subtree: "this span and those below it",
  span: "this span",
} as const;

/** One trace: its spans in time and the flame graph of exactly that trace, or of the span that is selected. */
export function TraceView({ traceId }: { traceId: string }) {
  const trace = useApi(`/api/v1/traces/${traceId}`, {}, traceResponse);
  const colourOf = useServiceColour();
  const [view, setView] = useQueryStates({
    span: parseAsString,
    scope: parseAsStringLiteral(SCOPES),
    focus: parseAsString, // the flame graph's zoom, which belongs to the samples it was made in
  });
  const waterfall = useRef<HTMLDivElement>(null);
  const askTrace = useAskTrace();
  const isWhole = view.span === null;
  useEffect(() => {
    if (isWhole) askTrace(traceId); // the panel below is not there before the spans are
  }, [isWhole, askTrace, traceId]);
  const tree = useMemo(() => (trace.data ? buildWaterfallTree(trace.data) : undefined), [trace.data]);

  if (trace.isPending) return <TraceSkeleton />;
  if (trace.error) {
    return (
      <ErrorState
        heading="h1"
        title="This trace could not be loaded"
        error={trace.error}
        onRetry={() => void trace.refetch()}
        retrying={trace.isFetching}
      />
    );
  }
  if (tree === undefined) return <EmptyState heading="h1" title="This trace has no spans" />;

  const span = trace.data.spans.find((candidate) => candidate.spanId === view.span);
  const scope = span === undefined ? "trace" : (view.scope ?? "subtree");
  const selector: FlameSelector = {
    ...wholeTrace(traceId),
    ...(span !== undefined && scope !== "trace" ? { span_id: span.spanId, scope } : {}),
  };
  return (
    <>
      <TraceHeader trace={trace.data} />
      <div className={span ? "grid items-stretch gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]" : ""}>
        <Waterfall
          grid={waterfall}
          tree={tree}
          colourOf={colourOf}
          selectedSpanId={view.span}
          onSelect={(spanId) => void setView({ span: spanId, focus: null })}
        />
        {span && (
          <div className="relative min-h-72">
            <div className="flex max-h-[26rem] flex-col lg:absolute lg:inset-0 lg:max-h-none lg:*:flex-1">
              <SpanDetail
                span={span}
                traceStartUnixNano={trace.data.startUnixNano}
                onClose={() => {
                  void setView({ span: null, scope: null, focus: null });
                  waterfall.current?.focus(); // its button goes away
                }}
              />
            </div>
          </div>
        )}
      </div>
      <FlamePanel
        selector={selector}
        group={TRACE_GROUP}
        className="mt-4"
        title={`CPU of ${SCOPE_NAMES[scope]}`}
        actions={
          span && (
            <Segmented
              label="What the flame graph covers"
              value={scope}
              onChange={(next) => void setView({ scope: next, focus: null })}
              options={[
                { value: "trace", label: "Whole trace" },
                { value: "subtree", label: "Span and below" },
                { value: "span", label: "Span only" },
              ]}
            />
          )
        }
      />
    </>
  );
}
