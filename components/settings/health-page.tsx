"use client";
import { CircleCheck, CircleX } from "lucide-react";
import type { ReactNode } from "react";
import { useHealth } from "@/components/data/use-health";
import { WatchPanel } from "@/components/profiles/watch-panel";
import { ErrorState } from "@/components/ui/error-state";
import { Panel } from "@/components/ui/panel";
import { Skeleton } from "@/components/ui/skeleton";
import { Table, Td, Th, Tr } from "@/components/ui/table";
import type { IntakeHealth } from "@/lib/api/intake-contract";
import { formatBytes, formatCountExact, formatDateTime, formatInstantExact } from "@/lib/format";

/** Whether the parts of the installation work, and what was taken, refused and dropped. */
export function HealthPage() {
  const { data, error, isFetching, refetch } = useHealth(5_000);
  if (error !== null && data === undefined) {
    return (
      <ErrorState
        title="The state of the installation is not known"
        error={error}
        onRetry={() => void refetch()}
        retrying={isFetching}
      />
    );
  }
  return (
    <div className="grid max-w-5xl items-start gap-3 lg:grid-cols-2" aria-busy={data === undefined}>
      <Panel title="Parts" className="lg:col-span-2">
        <dl className="divide-y divide-line">
          {(["store", "catalogue", "receivers"] as const).map((part) => (
            <Part key={part} name={NAMES[part]} state={data?.[part]} />
          ))}
        </dl>
      </Panel>
      {data === undefined && <IntakeSkeleton />}
      {data?.intake != null && <Intake intake={data.intake} />}
      <WatchPanel className="lg:col-span-2" />
    </div>
  );
}

const NAMES = { store: "Store", catalogue: "Catalogue", receivers: "Receivers" } as const;

function Part({ name, state }: { name: string; state: { ok: boolean; message: string } | undefined }) {
  return (
    <div className="flex items-center gap-2 px-3 py-2 text-sm">
      {state === undefined ? (
        <Skeleton className="size-3.5" />
      ) : state.ok ? (
        <CircleCheck aria-hidden className="size-3.5 text-muted" />
      ) : (
        <CircleX aria-hidden className="size-3.5 text-danger" />
      )}
      <dt className="w-24 font-medium">{name}</dt>
      <dd className={state?.ok === false ? "text-danger-ink" : "text-muted"}>
        {state?.message ?? <Skeleton className="w-40" />}
      </dd>
    </div>
  );
}

/** The place of the numbers, so that nothing jumps when they come. */
function IntakeSkeleton() {
  return ["Received", "Waiting now"].map((title) => (
    <Panel key={title} title={title}>
      <div className="grid gap-4 p-3">
        {[0, 1, 2].map((line) => (
          <Skeleton key={line} className="w-48" />
        ))}
      </div>
    </Panel>
  ));
}

function Intake({ intake }: { intake: IntakeHealth }) {
  const { bytesHeld, maxQueuedBatches, profiles, queuedBatches, refusals, sampling, spans } = intake;
  return (
    <>
      <Panel title="Received" actions={<Since startedUnixNano={intake.startedUnixNano} />}>
        <Numbers>
          <Count name="Spans stored" value={spans.accepted} />
          <Count name="Spans refused one by one" value={spans.rejected} />
          <Count name="Profiles stored" value={profiles.accepted} />
          {(sampling.isOn || sampling.keptTraces + sampling.droppedTraces > 0) && (
            <>
              <Count name="Traces kept by sampling" value={sampling.keptTraces} />
              <Count name="Traces dropped by sampling" value={sampling.droppedTraces} />
              <Count name="Spans of dropped traces" value={sampling.droppedSpans} />
            </>
          )}
        </Numbers>
      </Panel>
      <Panel title="Waiting now">
        <Numbers>
          <Count name="Spans" value={spans.queued} />
          <Count name={`Requests, of at most ${formatCountExact(maxQueuedBatches)}`} value={queuedBatches} />
          <Line name="Memory held by requests">{formatBytes(bytesHeld)}</Line>
        </Numbers>
      </Panel>
      <Panel title="Requests refused" className="lg:col-span-2">
        {refusals.length === 0 ? (
          <p className="p-3 text-muted text-sm">None. What senders were told would stand here.</p>
        ) : (
          <Table label="Requests refused" className="text-sm">
            <thead className="border-line border-b">
              <tr>
                <Th>What senders were told, and why the last one</Th>
                <Th numeric>Requests</Th>
                <Th className="max-sm:hidden">Last</Th>
              </tr>
            </thead>
            <tbody>
              {refusals.map(({ code, lastMessage, lastUnixNano, requests }) => (
                <Tr key={code}>
                  <Td className="wrap-anywhere">
                    {MEANING.get(code) ?? code}
                    <span className="block text-muted">{lastMessage}</span>
                  </Td>
                  <Td numeric>{formatCountExact(requests)}</Td>
                  <Td
                    className="whitespace-nowrap text-muted tabular-nums max-sm:hidden"
                    title={formatInstantExact(lastUnixNano)}
                  >
                    {formatDateTime(lastUnixNano)}
                  </Td>
                </Tr>
              ))}
            </tbody>
          </Table>
        )}
      </Panel>
    </>
  );
}

const MEANING: ReadonlyMap<string, string> = new Map([
  ["overloaded", "429, UNAVAILABLE: send again shortly"],
  ["unavailable", "503, UNAVAILABLE: the store was away"],
  ["invalid-input", "400: what was sent cannot be read"],
  ["too-large", "413: larger than the limit"],
  ["unsupported-media-type", "415: of a kind that is not known"],
  ["not-found", "404: nothing is received there"],
]);

function Since({ startedUnixNano }: { startedUnixNano: string }) {
  return <span className="text-muted text-sm tabular-nums">since {formatDateTime(startedUnixNano)}</span>;
}

function Numbers({ children }: { children: ReactNode }) {
  return <dl className="divide-y divide-line text-sm">{children}</dl>;
}

function Count({ name, value }: { name: string; value: number }) {
  return (
    <Line name={name}>
      <span className={value === 0 ? "text-subtle" : undefined}>{formatCountExact(value)}</span>
    </Line>
  );
}

function Line({ children, name }: { name: string; children: ReactNode }) {
  return (
    <div className="flex items-baseline justify-between gap-3 px-3 py-1.5">
      <dt className="text-muted">{name}</dt>
      <dd className="num tabular-nums">{children}</dd>
    </div>
  );
}
