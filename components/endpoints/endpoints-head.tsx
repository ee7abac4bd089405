"use client";
import type { ReactNode } from "react";
import { cn } from "@/components/ui/cn";
import { SkeletonRows } from "@/components/ui/skeleton";
import { SortableTh, Table, Th } from "@/components/ui/table";
import { CELL, WIDE } from "./cells";
import type { EndpointColumn } from "./endpoint-rows";
import type { SampleType } from "./sample-types";

interface EndpointsHeadProps {
  type: SampleType;
  sort: string;
  onSort: (sort: string) => void;
  selectAll: ReactNode;
}

export function EndpointsHead({ type, sort, onSort, selectAll }: EndpointsHeadProps) {
  const header = (column: EndpointColumn, label: string, title: string, className?: string) => (
    <SortableTh
      column={column}
      sort={sort}
      onSort={onSort}
      numeric={column !== "endpoint"}
      title={title}
      className={cn("[&>button]:px-2", className)}
    >
      {label}
    </SortableTh>
  );
  return (
    <thead className="sticky top-0 z-10 bg-surface shadow-[0_1px_0_var(--line)]">
      <tr>
        <th scope="col" className="w-8 pl-3 text-left">
          {selectAll}
        </th>
        {header("endpoint", "Endpoint", "Where requests enter the service")}
        {header("requests", "Requests", "Entry spans", WIDE)}
        {header("errors", "Errors", "Share of the requests that ended in an error", "max-sm:w-15")}
        {header("p50", "p50", "Half of the requests were faster", WIDE)}
        {header("p95", "p95", "95 of 100 requests were faster", "max-sm:w-17")}
        {header("p99", "p99", "99 of 100 requests were faster", WIDE)}
        {header("cpu", type.label, type.hint, "max-sm:w-20")}
        <Th className={cn("px-2", WIDE)}>Share</Th>
        {header("per_request", `${type.label} / request`, "Divided by all requests, profiled or not", WIDE)}
        {header("samples", "Samples", "Profile samples behind the number: few are little certain", WIDE)}
        <Th className={cn("pr-3", WIDE)}>
          <span className="sr-only">Traces</span>
        </Th>
      </tr>
    </thead>
  );
}

export function EndpointsTableSkeleton({ type }: { type: SampleType }) {
  const number = { width: 44, num: true };
  const wide = { ...number, className: WIDE };
  return (
    <Table label="Endpoints, loading" className="max-sm:table-fixed sm:min-w-max">
      <EndpointsHead
        type={type}
        sort="-cpu"
        onSort={() => undefined}
        selectAll={<span className="block size-3.5 rounded-sm border border-control opacity-50" />}
      />
      <tbody>
        <SkeletonRows
          rows={6}
          columns={[
            { width: 14 },
            { width: 110 },
            wide,
            number,
            wide,
            number,
            wide,
            number,
            { width: 128, className: WIDE },
            wide,
            wide,
            wide,
          ]}
          cellClassName={CELL}
        />
      </tbody>
    </Table>
  );
}
