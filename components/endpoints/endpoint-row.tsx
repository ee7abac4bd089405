"use client";
import Link from "next/link";
import type { ReactNode } from "react";
import { useRangeLink } from "@/components/shell/use-time-range";
import { cn } from "@/components/ui/cn";
import { ErrorRate } from "@/components/ui/error-rate";
import { ColourDot } from "@/components/ui/service-dot";
import { Value } from "@/components/ui/value";
import type { EndpointRow as Row } from "@/lib/api/contract";
import { formatCountExact } from "@/lib/format";
import { CELL, NUMBER, WIDE } from "./cells";

interface EndpointRowProps {
  row: Row;
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

export function EndpointRow({
  row,
  unit,
  perRequest,
  selected,
  tick,
  share,
  colour,
  onClickName,
  onPointerEnter,
}: EndpointRowProps) {
  const link = useRangeLink();
  const sampled =
    row.keptRequests < row.requests
      ? `${formatCountExact(row.requests)} requests, ${formatCountExact(row.keptRequests)} kept by sampling: latencies are estimated from these`
      : undefined;
  const about =
    sampled === undefined || row.keptRequests === 0 ? undefined : (
      <span className="text-subtle" title={sampled}>
        ≈{" "}
      </span>
    );
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
        <span title={sampled}>
          <Value value={row.requests} unit="count" />
        </span>
      </td>
      <td className={NUMBER}>
        <ErrorRate errors={row.errors} requests={row.requests} />
      </td>
      <td className={cn(NUMBER, WIDE)}>
        {about}
        <Value value={row.p50Ns} unit="duration" />
      </td>
      <td className={NUMBER}>
        {about}
        <Value value={row.p95Ns} unit="duration" />
      </td>
      <td className={cn(NUMBER, WIDE)}>
        {about}
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
          prefetch={false}
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
