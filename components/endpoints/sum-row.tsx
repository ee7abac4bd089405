import { cn } from "@/components/ui/cn";
import { ErrorRate } from "@/components/ui/error-rate";
import { Value } from "@/components/ui/value";
import { formatPercent } from "@/lib/format";
import { Blank, CELL, NUMBER, WIDE } from "./cells";
import type { EndpointSums } from "./endpoint-rows";

/** What the rows add up to; quantiles do not. */
export function SumRow({ name, sums, unit }: { name: string; sums: EndpointSums; unit: string }) {
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
