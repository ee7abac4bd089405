"use client";
import { Checkbox } from "@/components/ui/checkbox";
import { cn } from "@/components/ui/cn";
import { ColourDot } from "@/components/ui/service-dot";
import { Table } from "@/components/ui/table";
import { Value } from "@/components/ui/value";
import type { EndpointsResponse } from "@/lib/api/contract";
import { UNATTRIBUTED } from "@/lib/correlation/selector";
import { formatEndpoint } from "./arrange-bands";
import { Blank, CELL, NUMBER, Share, WIDE } from "./cells";
import { EndpointRow } from "./endpoint-row";
import { sortEndpoints, sumEndpoints } from "./endpoint-rows";
import { EndpointsHead } from "./endpoints-head";
import { CPU, type SampleType } from "./sample-types";
import { SumRow } from "./sum-row";
import type { EndpointView } from "./use-endpoint-view";

/** The HTTP interface takes no more names; more than these are everything anyway. */
const MAX_SELECTED = 200;

interface EndpointsTableProps {
  answer: EndpointsResponse;
  type: SampleType;
  view: EndpointView;
  colourOf: (endpoint: string) => string;
  /** The row under the pointer, for the chart. */
  onHighlight: (endpoint: string | null) => void;
}

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
      aria-label={formatEndpoint(endpoint)}
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
      <EndpointsHead
        type={type}
        sort={view.sort}
        onSort={view.sortBy}
        selectAll={
          <Checkbox
            aria-label={selected.size > 0 ? "Clear the selection" : "Select all endpoints"}
            checked={all ? true : selected.size > 0 ? "indeterminate" : false}
            disabled={selected.size === 0 && names.length > MAX_SELECTED}
            onCheckedChange={() => view.select(selected.size > 0 ? [] : names)}
          />
        }
      />
      <tbody onPointerLeave={() => onHighlight(null)}>
        {rows.map((row) => (
          <EndpointRow
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
