"use client";
import Link from "next/link";
import { Badge } from "@/components/ui/badge";
import { ErrorState } from "@/components/ui/error-state";
import { Panel } from "@/components/ui/panel";
import { ServiceName } from "@/components/ui/service-dot";
import { SkeletonRows } from "@/components/ui/skeleton";
import { Table, Td, Th, Tr } from "@/components/ui/table";
import type { Capture } from "@/lib/api/targets-contract";
import { formatAgo, formatInstantExact } from "@/lib/format";
import { useCaptures } from "./use-targets";

const MEDIUM = "max-md:hidden";

/** What was captured, newest first, and why. */
export function CapturesPanel() {
  const { data, dataUpdatedAt, error, isFetching, refetch } = useCaptures();
  return (
    <Panel title="Captures" aria-label="Captures" aria-busy={data === undefined}>
      {data === undefined && error !== null ? (
        <ErrorState
          title="The captures could not be loaded"
          error={error}
          onRetry={() => void refetch()}
          retrying={isFetching}
        />
      ) : data?.captures.length === 0 ? (
        <p className="px-3 py-6 text-center text-muted">
          None yet. One is taken when a target uses more CPU or memory than its thresholds, or when you ask
          for one.
        </p>
      ) : (
        <Table label={data === undefined ? "Captures, loading" : "Captures"}>
          <thead className="border-line border-b">
            <tr>
              <Th>When</Th>
              <Th>Service</Th>
              <Th>Why</Th>
              <Th className={MEDIUM}>Outcome</Th>
            </tr>
          </thead>
          <tbody>
            {data === undefined ? (
              <SkeletonRows
                rows={3}
                columns={[{ width: 60 }, { width: 90 }, { width: 320 }, { width: 60, className: MEDIUM }]}
              />
            ) : (
              data.captures.map((capture) => (
                <CaptureRow key={capture.id} capture={capture} nowMillis={dataUpdatedAt} />
              ))
            )}
          </tbody>
        </Table>
      )}
    </Panel>
  );
}

function CaptureRow({ capture, nowMillis }: { capture: Capture; nowMillis: number }) {
  const { id, instance, message, profiles, reason, seconds, service, startUnixNano, state } = capture;
  return (
    <Tr>
      <Td className="whitespace-nowrap text-muted" title={formatInstantExact(startUnixNano)}>
        {formatAgo(startUnixNano, nowMillis)}
      </Td>
      <Td className="min-w-24 max-w-96">
        <span className="grid grid-cols-[minmax(0,1fr)]">
          <ServiceName name={service} />
          <span className="truncate text-sm text-subtle max-sm:hidden">{instance}</span>
        </span>
      </Td>
      <Td className="sm:min-w-52">
        {profiles.length === 0 ? (
          <span>{reason}</span>
        ) : (
          <Link prefetch={false} href={`/captures/${id}`} className="hover:underline">
            {reason}
          </Link>
        )}
        {message !== "" && <span className="block text-muted text-sm">{message}</span>}
      </Td>
      <Td className={`${MEDIUM} whitespace-nowrap`}>
        <CaptureState state={state} seconds={seconds} />
      </Td>
    </Tr>
  );
}

export function CaptureState({ seconds, state }: Pick<Capture, "state" | "seconds">) {
  switch (state) {
    case "requested":
      return <Badge>Waiting</Badge>;
    case "running":
      return <Badge tone="hot">Capturing for {seconds} s</Badge>;
    case "done":
      return <Badge>Taken</Badge>;
    case "partial":
      return <Badge>Partly taken</Badge>;
    case "failed":
      return <Badge tone="danger">Failed</Badge>;
    case "interrupted":
      return <Badge tone="danger">Interrupted</Badge>;
  }
}
