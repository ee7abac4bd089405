"use client";
import Link from "next/link";
import type { ReactNode } from "react";
import { ErrorRate } from "@/components/services/services-table";
import { useRangeLink } from "@/components/shell/use-time-range";
import { Checkbox } from "@/components/ui/checkbox";
import { cn } from "@/components/ui/cn";
import { ColourDot } from "@/components/ui/service-dot";
import { SkeletonRows } from "@/components/ui/skeleton";
import { SortableTh, Table, Th } from "@/components/ui/table";
import { Value } from "@/components/ui/value";
import type { EndpointRow, EndpointsResponse } from "@/lib/api/contract";
import { UNATTRIBUTED } from "@/lib/correlation/selector";
import { formatPercent, NO_VALUE } from "@/lib/format";
import { nameOfBand } from "./arrange-bands";
import { type EndpointColumn, type EndpointSums, sortEndpoints, sumEndpoints } from "./endpoint-rows";
import { CPU, type SampleType } from "./sample-types";
import type { EndpointView } from "./use-endpoint-view";

interface EndpointsTableProps {
  answer: EndpointsResponse;
  type: SampleType;
  view: EndpointView;
  colourOf: (endpoint: string) => string;
  /** The row under the pointer, for the chart. */
  onHighlight: (endpoint: string | null) => void;
}

const CELL = "h-7 px-2 first:pl-3 last:pr-3";
const NUMBER = `${CELL} num`;
/** What a phone leaves out: endpoint, errors, p95 and CPU stay. */
const WIDE = "max-sm:hidden";

/** Ticking narrows the flame graph and the chart; nothing ticked is everything. */
export function EndpointsTable({ answer, type, view, colourOf, onHighlight }: EndpointsTableProps) {
  const { selected } = view;
  const rows = sortEndpoints(answer.endpoints, view.sort);
  const names = [...rows.map(({ endpoint }) => endpoint), UNATTRIBUTED];
  const largest = Math.max(1, answer.unattributed.cpuNs, ...rows.map(({ cpuNs }) => cpuNs));
  const total = sumEndpoints(answer);
  const toggle = (endpoint: string, on: boolean) => {
    const next = new Set(selected);
    if (on) next.add(endpoint);
    else next.delete(endpoint);
    view.select(next);
  };
  const tick = (endpoint: string) => (
    <Checkbox
      aria-label={nameOfBand(endpoint)}
      checked={selected.has(endpoint)}
      onCheckedChange={(checked) => toggle(endpoint, checked === true)}
    />
  );
  const share = (valueNs: number) => (
    <Share
      value={valueNs}
      ratio={total.cpuNs === 0 ? 0 : valueNs / total.cpuNs}
      of={largest}
      hot={type === CPU}
    />
  );
  const all = names.every((name) => selected.has(name));

  return (
    <Table
      label="Endpoints"
      className="max-sm:table-fixed sm:min-w-max"
      boxClassName="max-h-[max(22rem,60vh)] overflow-y-auto"
    >
      <Head
        type={type}
        sort={view.sort}
        onSort={view.sortBy}
        selectAll={
          <Checkbox
            aria-label={selected.size > 0 ? "Clear the selection" : "Select all endpoints"}
            checked={all ? true : selected.size > 0 ? "indeterminate" : false}
            onCheckedChange={() => view.select(selected.size > 0 ? [] : names)}
          />
        }
      />
      <tbody onPointerLeave={() => onHighlight(null)}>
        {rows.map((row) => (
          <Row
            key={row.endpoint}
            row={row}
            unit={answer.unit}
            perRequest={type.kind !== "level"}
            selected={selected.has(row.endpoint)}
            tick={tick(row.endpoint)}
            share={share(row.cpuNs)}
            colour={colourOf(row.endpoint)}
            onClickName={() => toggle(row.endpoint, !selected.has(row.endpoint))}
            onPointerEnter={() => onHighlight(row.endpoint)}
          />
        ))}
        <tr
          className={cn(
            "border-line border-t hover:bg-hover/60",
            selected.has(UNATTRIBUTED) && "bg-selected",
          )}
          onPointerEnter={() => onHighlight(UNATTRIBUTED)}
        >
          <td className={CELL}>{tick(UNATTRIBUTED)}</td>
          <th scope="row" className={cn(CELL, "text-left font-normal text-muted")}>
            <span className="flex items-center gap-2">
              <ColourDot colour={colourOf(UNATTRIBUTED)} />
              <span title="Samples that carry no request: the runtime, background work, unlabelled goroutines">
                Unattributed
              </span>
            </span>
          </th>
          <Blank columns="requests errors p50 p95 p99" />
          <td className={NUMBER}>
            <Value value={answer.unattributed.cpuNs} unit={answer.unit} />
          </td>
          <td className={cn(CELL, WIDE)}>{share(answer.unattributed.cpuNs)}</td>
          <Blank columns="per_request" />
          <td className={cn(NUMBER, WIDE)}>
            <Value value={answer.unattributed.sampleCount} unit="count" />
          </td>
          <td className={cn(CELL, WIDE)} />
        </tr>
      </tbody>
      <tfoot className="sticky bottom-0 bg-surface shadow-[0_-1px_0_var(--line-strong)]">
        {selected.size > 0 && (
          <SumRow
            name={`${selected.size} selected`}
            sums={sumEndpoints(answer, selected)}
            unit={answer.unit}
          />
        )}
        <SumRow name="Total" sums={total} unit={answer.unit} />
      </tfoot>
    </Table>
  );
}

interface HeadProps {
  type: SampleType;
  sort: string;
  onSort: (sort: string) => void;
  selectAll: ReactNode;
}

function Head({ type, sort, onSort, selectAll }: HeadProps) {
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

interface RowProps {
  row: EndpointRow;
  unit: string;
  /** Levels do not divide by requests. */
  perRequest: boolean;
  selected: boolean;
  tick: ReactNode;
  share: ReactNode;
  colour: string;
  onClickName: () => void;
  onPointerEnter: () => void;
}

function Row({
  row,
  unit,
  perRequest,
  selected,
  tick,
  share,
  colour,
  onClickName,
  onPointerEnter,
}: RowProps) {
  const link = useRangeLink();
  const target = { service: row.service, endpoint: row.endpoint };
  return (
    <tr
      onPointerEnter={onPointerEnter}
      className={cn(
        "border-line border-t first:border-t-0 hover:bg-hover/60",
        selected && "bg-selected hover:bg-selected",
      )}
    >
      <td className={CELL}>{tick}</td>
      <th scope="row" className={cn(CELL, "max-w-80 text-left font-normal")}>
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: a larger target for the pointer; the keyboard has the checkbox */}
        {/* biome-ignore lint/a11y/noStaticElementInteractions: as above */}
        <span className="flex min-w-0 cursor-pointer items-center gap-2" onClick={onClickName}>
          <ColourDot colour={colour} />
          <span className="truncate" title={row.endpoint}>
            {row.endpoint}
          </span>
        </span>
      </th>
      <td className={cn(NUMBER, WIDE)}>
        <Value value={row.requests} unit="count" />
      </td>
      <td className={NUMBER}>
        <ErrorRate errors={row.errors} requests={row.requests} />
      </td>
      <td className={cn(NUMBER, WIDE)}>
        <Value value={row.p50Ns} unit="duration" />
      </td>
      <td className={NUMBER}>
        <Value value={row.p95Ns} unit="duration" />
      </td>
      <td className={cn(NUMBER, WIDE)}>
        <Value value={row.p99Ns} unit="duration" />
      </td>
      <td className={NUMBER}>
        <Value value={row.cpuNs} unit={unit} />
      </td>
      <td className={cn(CELL, WIDE)}>{share}</td>
      <td className={cn(NUMBER, WIDE)}>
        <Value value={perRequest ? row.cpuPerRequestNs : null} unit={unit} />
      </td>
      <td className={cn(NUMBER, WIDE)}>
        <Value value={row.sampleCount} unit="count" />
      </td>
      <td className={cn(CELL, "text-right", WIDE)}>
        <Link
          href={link("/traces", target)}
          aria-label={`Traces of ${row.endpoint}`}
          className="text-muted text-sm hover:text-ink hover:underline"
        >
          Traces
        </Link>
      </td>
    </tr>
  );
}

function SumRow({ name, sums, unit }: { name: string; sums: EndpointSums; unit: string }) {
  return (
    <tr className="font-medium">
      <td className={CELL} />
      <th scope="row" className={cn(CELL, "text-left font-medium")}>
        {name}
      </th>
      <td className={cn(NUMBER, WIDE)}>
        <Value value={sums.requests} unit="count" />
      </td>
      <td className={NUMBER}>
        <ErrorRate errors={sums.errors} requests={sums.requests} />
      </td>
      <Blank columns="p50 p95 p99" />
      <td className={NUMBER}>
        <Value value={sums.cpuNs} unit={unit} />
      </td>
      <td className={cn(CELL, "tabular-nums", WIDE)}>
        <span className="inline-block w-24" />
        {formatPercent(sums.cpuShare)}
      </td>
      <Blank columns="per_request" />
      <td className={cn(NUMBER, WIDE)}>
        <Value value={sums.sampleCount} unit="count" />
      </td>
      <td className={cn(CELL, WIDE)} />
    </tr>
  );
}

/** Cells for which there is no such number: quantiles of a sum, requests of no endpoint. */
function Blank({ columns }: { columns: string }) {
  return columns.split(" ").map((column) => (
    <td key={column} className={cn(NUMBER, "text-subtle", column !== "errors" && column !== "p95" && WIDE)}>
      {NO_VALUE}
    </td>
  ));
}

interface ShareProps {
  value: number;
  ratio: number;
  /** The value that fills the bar. */
  of: number;
  hot: boolean;
}

function Share({ value, ratio, of, hot }: ShareProps) {
  return (
    <span className="flex items-center gap-2 tabular-nums">
      <span aria-hidden className="h-1.5 w-22 rounded-[1px] bg-sunken">
        <span
          className={cn("block h-full rounded-[1px]", hot ? "bg-accent" : "bg-muted")}
          style={{ width: `${(value / of) * 100}%` }}
        />
      </span>
      <span className="whitespace-nowrap text-muted">{formatPercent(ratio)}</span>
    </span>
  );
}

export function EndpointsTableSkeleton({ type }: { type: SampleType }) {
  const number = { width: 44, num: true };
  const wide = { ...number, className: WIDE };
  return (
    <Table label="Endpoints, loading" className="max-sm:table-fixed sm:min-w-max">
      <Head
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
          cellClassName="h-7 px-2 first:pl-3 last:pr-3"
        />
      </tbody>
    </Table>
  );
}
