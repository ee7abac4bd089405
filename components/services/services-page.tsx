"use client";
import { useApi } from "@/components/data/use-api";
import { useAllServices } from "@/components/data/use-services";
import { EmptyRange } from "@/components/shell/empty-range";
import { useTimeRange } from "@/components/shell/use-time-range";
import { ErrorState } from "@/components/ui/error-state";
import { PageHeader, Panel } from "@/components/ui/panel";
import { ProgressLine } from "@/components/ui/progress-line";
import { type ServicesResponse, servicesResponse } from "@/lib/api/contract";
import { formatCores, formatCounted, formatPercent } from "@/lib/format";
import { SendData } from "./send-data";
import { ServicesTable, ServicesTableSkeleton } from "./services-table";
import { useNothingSent } from "./use-nothing-sent";

/** All services in the range: who is asked, who fails, who burns CPU. */
export function ServicesPage() {
  const range = useTimeRange();
  const answer = useApi("/api/v1/services", range.params, servicesResponse);
  const everything = useAllServices();
  const { data, error } = answer;
  const nothingEver = useNothingSent();
  return (
    <>
      <PageHeader
        title="Services"
        summary={data === undefined || data.services.every(isSilent) ? "" : summarise(data)}
      />
      {nothingEver ? (
        <SendData />
      ) : (
        <Panel aria-label="Services" aria-busy={answer.isFetching}>
          <ProgressLine active={answer.isPlaceholderData} className="-mb-0.5" />
          {data !== undefined ? (
            data.services.every(isSilent) ? (
              <EmptyRange services={everything.data?.services ?? data.services} what="requests or samples" />
            ) : (
              <ServicesTable answer={data} />
            )
          ) : error !== null ? (
            <ErrorState
              title="The services could not be loaded"
              error={error}
              onRetry={() => void answer.refetch()}
              retrying={answer.isFetching}
            />
          ) : (
            <ServicesTableSkeleton />
          )}
        </Panel>
      )}
    </>
  );
}

function isSilent({ requests, cpuNs, spans, samples }: ServicesResponse["services"][number]): boolean {
  return requests === 0 && cpuNs === 0 && spans === 0 && samples === 0;
}

function summarise({ services, fromUnixNano, toUnixNano }: ServicesResponse): string {
  const sum = (pick: (service: ServicesResponse["services"][number]) => number) =>
    services.reduce((total, service) => total + pick(service), 0);
  const requests = sum(({ requests }) => requests);
  const errors = sum(({ errors }) => errors);
  const cores = sum(({ cpuNs }) => cpuNs) / Number(BigInt(toUnixNano) - BigInt(fromUnixNano));
  return [
    formatCounted(services.length, "service"),
    formatCounted(requests, "request"),
    `${formatPercent(requests === 0 ? 0 : errors / requests)} errors`,
    formatCores(cores),
  ].join(" · ");
}
