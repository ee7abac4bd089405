"use client";
import { useEffect, useState } from "react";
import { useApi } from "@/components/data/use-api";
import { useAllServices } from "@/components/data/use-services";
import { FlamePanel } from "@/components/flame/flame-panel";
import { SendData } from "@/components/services/send-data";
import { useNothingSent } from "@/components/services/use-nothing-sent";
import { EmptyRange } from "@/components/shell/empty-range";
import { useTimeRange } from "@/components/shell/use-time-range";
import { ErrorState } from "@/components/ui/error-state";
import { PageHeader, Panel } from "@/components/ui/panel";
import { ProgressLine } from "@/components/ui/progress-line";
import { Select } from "@/components/ui/select";
import { ServicePicker } from "@/components/ui/service-picker";
import { type EndpointsResponse, endpointsResponse, seriesResponse } from "@/lib/api/contract";
import { arrangeBands } from "./arrange-bands";
import { CpuOverTime } from "./cpu-over-time";
import { EndpointsTableSkeleton } from "./endpoints-head";
import { EndpointsTable } from "./endpoints-table";
import { findSampleType, SAMPLE_TYPES } from "./sample-types";
import { useCaptureMarks } from "./use-capture-marks";
import { useEndpointView } from "./use-endpoint-view";

/** Which endpoints of a service pay for its CPU: table, flame graph of the ticked ones, and when it was. */
export function EndpointsPage() {
  const view = useEndpointView();
  const range = useTimeRange();
  const services = useAllServices();
  const nothingSent = useNothingSent();
  const type = findSampleType(view.type);
  const [highlighted, setHighlighted] = useState<string | null>(null);

  const { service, showService } = view;
  useEffect(() => {
    if (service !== null || services.data === undefined) return;
    const busiest = services.data.services.toSorted(
      (a, b) => b.cpuNs - a.cpuNs || b.requests - a.requests,
    )[0];
    if (busiest !== undefined) showService(busiest.name, "replace");
  }, [service, services.data, showService]);

  const question = { service, ...range.params, type: view.type };
  const enabled = service !== null;
  const table = useApi("/api/v1/endpoints", question, endpointsResponse, { enabled });
  const endpoint = [...view.selected];
  const series = useApi("/api/v1/series", { ...question, endpoint, by: "endpoint" }, seriesResponse, {
    enabled,
  });
  const marks = useCaptureMarks(service, range.params);
  const bands = arrangeBands(series.data, table.data, range);

  if (nothingSent) {
    return (
      <>
        <PageHeader title="Endpoints" />
        <SendData />
      </>
    );
  }

  const empty = table.data?.endpoints.length === 0 && table.data.unattributed.sampleCount === 0;
  return (
    <>
      <PageHeader title="Endpoints">
        <Select
          label="Sample type"
          prefix="Type"
          value={view.type}
          options={SAMPLE_TYPES.map(({ value, label, hint }) => ({ value, label, hint }))}
          onChange={view.showType}
        />
        <ServicePicker value={service} onChange={(next) => showService(next)} clearable={false} />
      </PageHeader>
      <div className="grid gap-3 lg:grid-cols-[minmax(0,1.7fr)_minmax(0,1fr)] min-[105rem]:grid-rows-[auto_1fr] min-[105rem]:grid-cols-[minmax(0,1.2fr)_minmax(0,1fr)]">
        <Panel
          aria-label="Endpoints"
          aria-busy={table.isFetching}
          className="lg:col-span-2 min-[105rem]:col-span-1"
        >
          <ProgressLine active={table.isPlaceholderData} className="-mb-0.5" />
          {table.data !== undefined && !empty ? (
            <>
              <EndpointsTable
                answer={table.data}
                type={type}
                view={view}
                colourOf={bands.colourOf}
                onHighlight={setHighlighted}
              />
              <NothingAttributed answer={table.data} />
            </>
          ) : empty ? (
            <EmptyRange
              services={(services.data?.services ?? []).filter(({ name }) => name === service)}
              what={`requests or ${type.label} samples of ${service ?? "this service"}`}
            />
          ) : table.error !== null ? (
            <ErrorState
              title="The endpoints could not be loaded"
              error={table.error}
              onRetry={() => void table.refetch()}
              retrying={table.isFetching}
            />
          ) : (
            <EndpointsTableSkeleton type={type} />
          )}
        </Panel>
        {service !== null && (
          <>
            <FlamePanel
              selector={{
                type: view.type,
                service,
                endpoint,
                ...range.params,
              }}
              title={
                view.selected.size === 0 ? "Flame graph" : `Flame graph of ${view.selected.size} selected`
              }
              className="min-[105rem]:row-span-2"
            />
            <CpuOverTime
              bands={bands}
              type={type}
              query={series}
              marks={marks}
              highlighted={highlighted}
              onHighlight={setHighlighted}
            />
          </>
        )}
      </div>
    </>
  );
}

/** Why all of it is unattributed, where it is. */
function NothingAttributed({ answer }: { answer: EndpointsResponse }) {
  if (answer.unattributed.sampleCount === 0 || answer.endpoints.some(({ sampleCount }) => sampleCount > 0)) {
    return null;
  }
  return (
    <p className="border-line border-t px-3 py-2 text-muted text-sm">
      None of these samples says which request it belongs to. Go puts labels on CPU and goroutine profiles
      only, and only where the service sets them.
    </p>
  );
}
