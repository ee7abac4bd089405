"use client";
import { useApi } from "@/components/data/use-api";
import { cn } from "@/components/ui/cn";
import { ErrorState } from "@/components/ui/error-state";
import { Panel } from "@/components/ui/panel";
import { ServiceName } from "@/components/ui/service-dot";
import { Skeleton } from "@/components/ui/skeleton";
import { Table, Td, Th, Tr } from "@/components/ui/table";
import { Value } from "@/components/ui/value";
import { type SamplingResponse, samplingResponse } from "@/lib/api/sampling-contract";
import { formatCounted } from "@/lib/format";
import { SAMPLING_PATH, SamplingForm } from "./sampling-form";

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
    <div className="grid max-w-5xl items-start gap-3 lg:grid-cols-[minmax(0,1fr)_20rem]">
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
    <div className="pb-3 text-sm">
      {dropped.length === 0 ? (
        <p className="px-3 pt-3">Nothing was dropped.</p>
      ) : (
        <Table label="Requests of dropped traces by service">
          <thead className="border-line border-b">
            <tr>
              <Th>Service</Th>
              <Th numeric>Requests</Th>
              <Th numeric>Errors</Th>
            </tr>
          </thead>
          <tbody>
            {dropped.map(({ errors, requests, service }) => (
              <Tr key={service}>
                <Td className="max-w-40">
                  <ServiceName name={service} className="max-w-full" />
                </Td>
                <Td numeric>
                  <Value value={Math.round(requests)} unit="count" />
                </Td>
                <Td numeric>
                  <Value value={Math.round(errors)} unit="count" />
                </Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      )}
      <p className={cn("px-3 pt-3 text-muted", dropped.length > 0 && "border-line border-t")}>
        Dropped requests stay counted: requests, errors and CPU per request on every page include them.
        Latencies are estimated from the traces that were kept, and marked ≈.
      </p>
      {(rules.enabled || waitingTraces > 0) && (
        <p className="px-3 pt-2 text-muted" role="status">
          {formatCounted(waitingTraces, "trace")} {waitingTraces === 1 ? "waits" : "wait"} for a decision.
        </p>
      )}
    </div>
  );
}
