"use client";
import { useApi } from "@/components/data/use-api";
import { ErrorState } from "@/components/ui/error-state";
import { Panel } from "@/components/ui/panel";
import { Skeleton } from "@/components/ui/skeleton";
import { type SamplingResponse, samplingResponse } from "@/lib/api/sampling-contract";
import { formatCount, formatCountExact, formatCounted } from "@/lib/format";
import { SamplingForm } from "./sampling-form";

export const SAMPLING_PATH = "/api/v1/sampling";

/** Which traces are kept, and what that has cost. */
export function SamplingPage() {
  const { data, error, isFetching, refetch } = useApi(SAMPLING_PATH, {}, samplingResponse, {
    refetchInterval: () => 5_000,
    staleTime: 0,
  });
  if (error !== null && data === undefined) {
    return (
      <ErrorState
        title="The sampling rules could not be loaded"
        error={error}
        onRetry={() => void refetch()}
        retrying={isFetching}
      />
    );
  }
  return (
    <div className="grid max-w-5xl items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
      <Panel title="Which traces are kept" aria-busy={data === undefined}>
        {data === undefined ? <FormSkeleton /> : <SamplingForm stored={data.rules} />}
      </Panel>
      <Panel title="Dropped in the last 24 hours" aria-busy={data === undefined}>
        {data === undefined ? <FormSkeleton /> : <Dropped answer={data} />}
      </Panel>
    </div>
  );
}

function FormSkeleton() {
  return (
    <div className="space-y-3 p-3">
      <Skeleton className="w-3/5" />
      <Skeleton className="w-4/5" />
      <Skeleton className="w-2/5" />
    </div>
  );
}

function Dropped({ answer: { dropped, rules, waitingTraces } }: { answer: SamplingResponse }) {
  return (
    <div className="p-3 text-sm">
      {dropped.length === 0 ? (
        <p className="text-muted">Nothing was dropped.</p>
      ) : (
        <table className="w-full">
          <caption className="sr-only">Requests of dropped traces by service</caption>
          <thead>
            <tr className="text-left text-muted">
              <th scope="col" className="pb-1 font-normal">
                Service
              </th>
              <th scope="col" className="num pb-1 font-normal">
                Requests
              </th>
            </tr>
          </thead>
          <tbody>
            {dropped.map(({ requests, service }) => (
              <tr key={service}>
                <th scope="row" className="max-w-40 truncate py-0.5 text-left font-normal" title={service}>
                  {service}
                </th>
                <td className="num py-0.5 tabular-nums" title={formatCountExact(Math.round(requests))}>
                  {formatCount(Math.round(requests))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p className="mt-3 text-muted">
        Dropped requests stay counted: requests, errors and CPU per request on every page include them.
        Latencies are estimated from the traces that were kept, and marked ≈.
      </p>
      {(rules.enabled || waitingTraces > 0) && (
        <p className="mt-2 text-muted" role="status">
          {formatCounted(waitingTraces, "trace")} {waitingTraces === 1 ? "waits" : "wait"} for a decision.
        </p>
      )}
    </div>
  );
}
