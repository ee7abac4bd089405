"use client";
import { parseAsString, useQueryStates } from "nuqs";
import { useApi } from "@/components/data/use-api";
import { useAllServices } from "@/components/data/use-services";
import { SendData } from "@/components/services/send-data";
import { useNothingSent } from "@/components/services/use-nothing-sent";
import { EmptyRange } from "@/components/shell/empty-range";
import { useTimeRange } from "@/components/shell/use-time-range";
import { ErrorState } from "@/components/ui/error-state";
import { PageHeader, Panel } from "@/components/ui/panel";
import { ProgressLine } from "@/components/ui/progress-line";
import { ServicePicker } from "@/components/ui/service-picker";
import { type DoctorResponse, doctorResponse } from "@/lib/api/doctor-contract";
import { formatCounted } from "@/lib/format";
import { AllWell } from "./all-well";
import { DoctorTable, DoctorTableSkeleton } from "./doctor-table";
import { Findings } from "./findings";
import { TraceVerdict } from "./trace-verdict";
import { useScrollToReason } from "./use-scroll-to-reason";

/** Why samples and spans do not meet: a line for each service, and what to mend first. */
export function DoctorPage() {
  const [{ service, trace_id }, setView] = useQueryStates(
    { service: parseAsString, trace_id: parseAsString },
    { history: "push", scroll: false },
  );
  const range = useTimeRange();
  const nothingSent = useNothingSent();
  const services = useAllServices();
  // A trace brings its own time: that of the range is where one came from.
  const question = trace_id === null ? { service, ...range.params } : { service, trace_id };
  const answer = useApi("/api/v1/doctor", question, doctorResponse, { enabled: !nothingSent });
  const { data, error } = answer;
  useScrollToReason(data !== undefined);

  if (nothingSent) {
    return (
      <>
        <PageHeader title="Doctor" />
        <SendData />
      </>
    );
  }
  return (
    <>
      <PageHeader
        title="Doctor"
        summary={data === undefined || data.services.length === 0 ? "" : summarise(data)}
      >
        <ServicePicker value={service} onChange={(next) => void setView({ service: next, trace_id: null })} />
      </PageHeader>
      {data === undefined && error !== null ? (
        <Panel aria-label="Services">
          <ErrorState
            title="The services could not be examined"
            error={error}
            onRetry={() => void answer.refetch()}
            retrying={answer.isFetching}
          />
        </Panel>
      ) : data !== undefined && data.services.length === 0 ? (
        <Panel aria-label="Services">
          <EmptyRange
            services={(services.data?.services ?? []).filter(
              ({ name }) => service === null || name === service,
            )}
            what={`spans or samples${service === null ? "" : ` of ${service}`}`}
          />
        </Panel>
      ) : (
        <div className="grid gap-3">
          {data?.trace != null && (
            <TraceVerdict
              trace={data.trace}
              isTarget={data.findings.every(({ code }) => code !== data.trace?.code)}
              onLeave={() => void setView({ trace_id: null })}
            />
          )}
          <Panel aria-label="Services" aria-busy={answer.isFetching}>
            <ProgressLine active={answer.isPlaceholderData} className="-mb-0.5" />
            {data === undefined ? <DoctorTableSkeleton /> : <DoctorTable services={data.services} />}
            {data?.cut != null && (
              <p className="border-line border-t px-3 py-2 text-muted text-sm">{data.cut}</p>
            )}
          </Panel>
          {data !== undefined && <AllWell answer={data} />}
          {data !== undefined && <Findings findings={data.findings} />}
        </div>
      )}
    </>
  );
}

function summarise({ findings, services }: DoctorResponse): string {
  const faults = findings.filter(({ severity }) => severity !== "note").length;
  return [
    formatCounted(services.length, "service"),
    faults === 0 ? "nothing to mend" : `${formatCounted(faults, "thing")} to mend`,
  ].join(" · ");
}
