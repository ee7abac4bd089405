"use client";
import { useState } from "react";
import { useApi } from "@/components/data/use-api";
import { ErrorState } from "@/components/ui/error-state";
import { SkeletonRows } from "@/components/ui/skeleton";
import { SortableTh, Table, Td, Th, Tr } from "@/components/ui/table";
import { Value } from "@/components/ui/value";
import { type FunctionRow, functionsResponse } from "@/lib/api/contract";
import { formatCountExact, formatPercent } from "@/lib/format";
import { type FlameSelector, selectorParams } from "./flame-selector";
import { parseFrameName } from "./frame-name";

const LIMIT = 200;
const COLUMNS = [
  { width: 320 },
  { width: 60, num: true },
  { width: 40, num: true },
  { width: 60, num: true },
  { width: 40, num: true },
  { width: 40, num: true },
];

interface FunctionsTableProps {
  selector: FlameSelector;
  matcher: ((row: { readonly name: string }) => boolean) | null;
  /** a function's name was chosen */
  onFind: (name: string) => void;
}

/** The same samples by function, recursion counted once: the flame graph for those who cannot see it or want a number. */
export function FunctionsTable({ selector, matcher, onFind }: FunctionsTableProps) {
  const [sort, setSort] = useState("-self");
  const functions = useApi(
    "/api/v1/functions",
    { ...selectorParams(selector), sort, limit: LIMIT },
    functionsResponse,
  );
  const { data, error } = functions;
  if (data === undefined && error !== null) {
    return (
      <ErrorState
        title="The functions could not be loaded"
        error={error}
        onRetry={() => functions.refetch()}
        retrying={functions.isFetching}
      />
    );
  }
  const rows = data?.functions.filter((row) => matcher?.(row) ?? true) ?? [];
  const widest = Math.max(0, ...rows.map((row) => row.total));
  const header = { sort, onSort: setSort };
  return (
    <>
      <Table label="Functions" aria-busy={functions.isFetching} className="text-sm">
        <thead className="border-line border-b">
          <tr>
            <SortableTh column="name" {...header}>
              Function
            </SortableTh>
            <SortableTh column="self" numeric {...header}>
              Self
            </SortableTh>
            <Th numeric>%</Th>
            <SortableTh column="total" numeric {...header}>
              Total
            </SortableTh>
            <Th numeric>%</Th>
            <SortableTh column="samples" numeric {...header}>
              Samples
            </SortableTh>
          </tr>
        </thead>
        <tbody>
          {data === undefined && <SkeletonRows rows={12} columns={COLUMNS} />}
          {data !== undefined &&
            rows.map((row) => (
              <FunctionLine
                key={`${row.name} ${row.file}`}
                row={row}
                unit={data.unit}
                whole={data.total}
                widest={widest}
                onFind={onFind}
              />
            ))}
        </tbody>
      </Table>
      {data !== undefined && rows.length === 0 && (
        <p className="px-3 py-8 text-center text-muted">
          {matcher === null ? "No functions" : "No function matches the search"}
        </p>
      )}
      {data?.functions.length === LIMIT && (
        <p className="border-line border-t px-3 py-2 text-muted text-sm">
          The first {LIMIT} by this order; each total is over all samples.
        </p>
      )}
    </>
  );
}

function FunctionLine(props: {
  row: FunctionRow;
  unit: string;
  whole: number;
  /** the largest total of the table: as long as a bar can be */
  widest: number;
  onFind: (name: string) => void;
}) {
  const { row, unit, whole, widest, onFind } = props;
  const { prefix, label } = parseFrameName(row.name, row.file);
  return (
    <Tr>
      <Td className="max-w-0 min-w-64 w-full">
        <button
          type="button"
          title={`${row.name}\n${row.file}`}
          onClick={() => onFind(row.name)}
          className="block max-w-full truncate rounded-sm text-left hover:underline"
        >
          <span className="text-subtle">{prefix}</span>
          {label}
        </button>
      </Td>
      <Td numeric>
        <Value value={row.self} unit={unit} />
      </Td>
      <Td numeric className="min-w-28">
        <Share value={row.self} whole={whole} widest={widest} />
      </Td>
      <Td numeric>
        <Value value={row.total} unit={unit} />
      </Td>
      <Td numeric className="min-w-28">
        <Share value={row.total} whole={whole} widest={widest} />
      </Td>
      <Td numeric>{formatCountExact(row.sampleCount)}</Td>
    </Tr>
  );
}

function Share({ value, whole, widest }: { value: number; whole: number; widest: number }) {
  return (
    <span className="relative block leading-5">
      {formatPercent(whole === 0 ? 0 : value / whole)}
      <span
        aria-hidden
        className="absolute right-0 -bottom-0.5 h-[3px] rounded-full bg-accent/70"
        style={{ width: `${widest === 0 ? 0 : Math.min(1, value / widest) * 100}%` }}
      />
    </span>
  );
}
