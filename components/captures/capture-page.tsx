"use client";
import Link from "next/link";
import { parseAsString, parseAsStringLiteral, useQueryStates } from "nuqs";
import { useApi } from "@/components/data/use-api";
import { FlamePanel } from "@/components/flame/flame-panel";
import { CaptureState } from "@/components/settings/captures-panel";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorState } from "@/components/ui/error-state";
import { PageHeader, Panel } from "@/components/ui/panel";
import { Segmented } from "@/components/ui/segmented";
import { ServiceName } from "@/components/ui/service-dot";
import { Skeleton } from "@/components/ui/skeleton";
import { type Capture, capture } from "@/lib/api/targets-contract";
import { formatDateTime, formatInstantExact } from "@/lib/format";

/** What each profile of a capture is first looked at for. */
const VIEWS = [
  { value: "cpu", label: "CPU", kind: "cpu" },
  { value: "inuse_space", label: "Heap in use", kind: "heap" },
  { value: "alloc_space", label: "Allocated", kind: "heap" },
  { value: "goroutine", label: "Goroutines", kind: "goroutine" },
] as const;
const TYPES = VIEWS.map(({ value }) => value);

/** One capture: why it was taken, and its flame graphs. */
export function CapturePage({ id }: { id: string }) {
  const { data, error, isFetching, refetch } = useApi(
    `/api/v1/captures/${encodeURIComponent(id)}`,
    {},
    capture,
    {
      staleTime: 0,
      refetchInterval: (last) => (last?.state === "running" || last?.state === "requested" ? 2_000 : false),
    },
  );
  if (error?.code === "not-found") {
    return (
      <EmptyState
        heading="h1"
        title="No such capture was taken"
        actions={
          <Button asChild>
            <Link href="/settings">All captures</Link>
          </Button>
        }
      >
        It may be of another installation, or the link was cut.
      </EmptyState>
    );
  }
  if (data === undefined && error !== null) {
    return (
      <ErrorState
        heading="h1"
        title="The capture could not be loaded"
        error={error}
        onRetry={() => void refetch()}
        retrying={isFetching}
      />
    );
  }
  return (
    <>
      <PageHeader title="Capture">
        <Link prefetch={false} href="/settings" className="text-muted text-sm hover:text-ink hover:underline">
          All captures
        </Link>
      </PageHeader>
      {data === undefined ? <Skeleton className="h-24" /> : <Taken capture={data} />}
    </>
  );
}

const AROUND_MS = 900_000;

/** What the service did before and after: its endpoints a quarter of an hour to both sides. */
function endpointsAround({ service, startUnixNano }: Capture): string {
  const at = Number(BigInt(startUnixNano) / 1_000_000n);
  const [from, to] = [at - AROUND_MS, at + AROUND_MS].map((millis) => new Date(millis).toISOString());
  return `/endpoints?${new URLSearchParams({ service, from: from ?? "", to: to ?? "" })}`;
}

function Taken({ capture: taken }: { capture: Capture }) {
  const [{ type }, setView] = useQueryStates({
    type: parseAsStringLiteral(TYPES).withDefault("cpu"),
    /** Of the flame graph: another profile has other frames. */
    focus: parseAsString,
  });
  const views = VIEWS.filter(({ kind }) => taken.profiles.some((profile) => profile.kind === kind));
  const view = views.find(({ value }) => value === type) ?? views[0];
  const profile = taken.profiles.find(({ kind }) => kind === view?.kind);
  return (
    <>
      <Panel aria-label="Why it was taken" className="mb-3 px-3 py-2">
        <p className="font-medium">{taken.reason}</p>
        <p className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1 text-muted text-sm">
          <Link
            prefetch={false}
            href={endpointsAround(taken)}
            title={`Endpoints of ${taken.service} around the capture`}
            className="hover:text-ink hover:underline"
          >
            <ServiceName name={taken.service} />
          </Link>
          <span>{taken.instance}</span>
          <span title={formatInstantExact(taken.startUnixNano)}>{formatDateTime(taken.startUnixNano)}</span>
          <CaptureState state={taken.state} seconds={taken.seconds} />
        </p>
        {taken.message !== "" && <p className="mt-1 text-danger-ink text-sm">{taken.message}</p>}
      </Panel>
      {view === undefined || profile === undefined ? (
        <Panel>
          <EmptyState title={taken.endUnixNano === null ? "It is still being taken" : "It has no profiles"}>
            {taken.endUnixNano === null
              ? "Its flame graphs appear here as soon as it has ended."
              : "Nothing could be read of the target while it was taken."}
          </EmptyState>
        </Panel>
      ) : (
        <FlamePanel
          selector={{ type: view.value, profile: profile.profileId }}
          title={view.label}
          actions={
            <Segmented
              label="Profile"
              value={view.value}
              options={views}
              onChange={(next) => void setView({ type: next, focus: null })}
            />
          }
        />
      )}
    </>
  );
}
