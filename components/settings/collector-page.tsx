"use client";
import { Plus } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorState } from "@/components/ui/error-state";
import { Panel } from "@/components/ui/panel";
import { SkeletonRows } from "@/components/ui/skeleton";
import { Table } from "@/components/ui/table";
import type { Target } from "@/lib/api/targets-contract";
import { CapturesPanel } from "./captures-panel";
import { TargetDialog } from "./target-dialog";
import { TargetsHead, TargetsTable } from "./targets-table";
import { useTargets } from "./use-targets";

/** Go services that Hotspan profiles by itself, and the captures that it took of them under load. */
export function CollectorPage() {
  const { data, dataUpdatedAt, error, isFetching, refetch } = useTargets();
  const [dialog, setDialog] = useState<{ edited: Target | undefined } | null>(null);
  const add = (
    <Button variant="solid" onClick={() => setDialog({ edited: undefined })}>
      <Plus aria-hidden />
      Add target
    </Button>
  );
  const isEmpty = data?.targets.length === 0;
  return (
    <div className="grid gap-3">
      <Panel
        title="Targets"
        actions={!isEmpty && data !== undefined && add}
        aria-label="Targets"
        aria-busy={data === undefined}
      >
        {data === undefined && error !== null ? (
          <ErrorState
            title="The targets could not be loaded"
            error={error}
            onRetry={() => void refetch()}
            retrying={isFetching}
          />
        ) : data === undefined ? (
          <TargetsSkeleton />
        ) : isEmpty ? (
          <EmptyState title="Let Hotspan read the profiles of your Go services" actions={add}>
            Give it the address of a process that serves net/http/pprof. It takes ten seconds of CPU each
            minute, heap, goroutines, mutex and block, and captures more when the process is under load.
          </EmptyState>
        ) : (
          <TargetsTable
            targets={data.targets}
            nowMillis={dataUpdatedAt}
            onEdit={(edited) => setDialog({ edited })}
          />
        )}
      </Panel>
      <CapturesPanel />
      {dialog !== null && <TargetDialog edited={dialog.edited} onClose={() => setDialog(null)} />}
    </div>
  );
}

function TargetsSkeleton() {
  return (
    <Table label="Targets, loading">
      <TargetsHead />
      <tbody>
        <SkeletonRows
          rows={3}
          columns={[
            { width: 160 },
            { width: 110 },
            { width: 60, num: true, className: "max-sm:hidden" },
            { width: 60, num: true, className: "max-sm:hidden" },
            { width: 100, className: "max-md:hidden" },
            { width: 60, className: "max-md:hidden" },
            { width: 90 },
          ]}
        />
      </tbody>
    </Table>
  );
}
