"use client";
import Link from "next/link";
import { parseAsString, useQueryState } from "nuqs";
import { Sparkline } from "@/components/chart/sparkline";
import { useServiceColour } from "@/components/data/use-services";
import { useRangeLink, useTimeRange } from "@/components/shell/use-time-range";
import { ErrorRate } from "@/components/ui/error-rate";
import { ColourDot } from "@/components/ui/service-dot";
import { SkeletonRows } from "@/components/ui/skeleton";
import { SortableTh, Table, Td, Th, Tr } from "@/components/ui/table";
import { Value } from "@/components/ui/value";
import type { Service, ServicesResponse } from "@/lib/api/contract";
import { formatAgo, formatCountExact, formatDuration, formatInstantExact } from "@/lib/format";
import { type ServiceColumn, sortServices } from "./sort-services";

const WIDE = "max-lg:hidden";
const MEDIUM = "max-md:hidden";
const SMALL = "max-sm:hidden";

export function ServicesTable({ answer }: { answer: ServicesResponse }) {
  const [sort, setSort] = useQueryState("sort", parseAsString.withDefault("-requests"));
  const rangeNs = Number(BigInt(answer.toUnixNano) - BigInt(answer.fromUnixNano));
  const highestCpu = Math.max(1, ...answer.services.map(({ cpuNs }) => cpuNs));
  return (
    <Table label="Services">
      <ServicesHead sort={sort} onSort={(next) => void setSort(next)} />
      <tbody>
        {sortServices(answer.services, sort).map((service) => (
          <ServiceRow
            key={service.name}
            service={service}
            rangeNs={rangeNs}
            stepNs={answer.stepNs}
            highestCpu={highestCpu}
          />
        ))}
      </tbody>
    </Table>
  );
}

function ServicesHead({ sort, onSort }: { sort: string; onSort: (sort: string) => void }) {
  const header = (column: ServiceColumn, label: string, className?: string, title?: string) => (
    <SortableTh
      column={column}
      sort={sort}
      onSort={onSort}
      numeric={column !== "name" && column !== "last"}
      first={column === "name" ? "ascending" : "descending"}
      className={className}
      title={title}
    >
      {label}
    </SortableTh>
  );
  return (
    <thead className="border-line border-b">
      <tr>
        {header("name", "Service")}
        <Th className={SMALL}>Requests over time</Th>
        {header("requests", "Requests", SMALL, "Entry spans: requests that came into the service")}
        {header("errors", "Errors", undefined, "Share of the requests that ended in an error")}
        {header("p95", "p95", undefined, "95 of 100 requests were faster")}
        {header("cpu", "CPU", undefined, "CPU time of all samples of the service, with or without a request")}
        <Th numeric className={WIDE} title="CPU time divided by the length of the range">
          Cores
        </Th>
        {header("last", "Last seen", MEDIUM)}
        <Th className={SMALL}>
          <span className="sr-only">Look closer</span>
        </Th>
      </tr>
    </thead>
  );
}

interface ServiceRowProps {
  service: Service;
  rangeNs: number;
  stepNs: number;
  highestCpu: number;
}

function ServiceRow({ service, rangeNs, stepNs, highestCpu }: ServiceRowProps) {
  const link = useRangeLink();
  const colour = useServiceColour();
  const { nowMillis } = useTimeRange();
  const target = { service: service.name };
  const busiest = Math.max(0, ...service.sparkline);
  const profiled = service.samples > 0; // without profiles its CPU is not zero but unknown
  return (
    <Tr>
      <Td>
        <Link
          prefetch={false}
          href={link("/endpoints", target)}
          className="flex w-fit items-center gap-2 font-medium hover:underline"
        >
          <ColourDot colour={colour(service.name)} />
          {service.name}
          <span className="font-normal text-sm text-subtle max-sm:hidden">{service.language}</span>
        </Link>
      </Td>
      <Td className={SMALL}>
        <div className="flex items-center gap-3">
          <Sparkline
            values={service.sparkline}
            label={`Requests of ${service.name}: at most ${formatCountExact(busiest)} in ${formatDuration(stepNs)}`}
            className="text-subtle min-[96rem]:w-64"
          />
        </div>
      </Td>
      <Td numeric className={SMALL}>
        <Value value={service.requests} unit="count" />
      </Td>
      <Td numeric>
        <ErrorRate errors={service.errors} requests={service.requests} />
      </Td>
      <Td numeric>
        <Value value={service.p95Ns} unit="duration" />
      </Td>
      <Td numeric>
        <span className="flex items-center justify-end gap-2">
          <span aria-hidden className="hidden h-1.5 w-16 rounded-[1px] bg-sunken md:block">
            <span
              className="block h-full rounded-[1px] bg-accent"
              style={{ width: `${(service.cpuNs / highestCpu) * 100}%` }}
            />
          </span>
          <Value value={profiled ? service.cpuNs : null} unit="duration" className="min-w-16" />
        </span>
      </Td>
      <Td numeric className={WIDE}>
        <Value value={profiled ? service.cpuNs / rangeNs : null} unit="count" className="text-muted" />
      </Td>
      <Td
        className={`${MEDIUM} whitespace-nowrap text-muted`}
        title={formatInstantExact(service.lastSeenUnixNano)}
      >
        {formatAgo(service.lastSeenUnixNano, nowMillis)}
      </Td>
      <Td className={`${SMALL} w-px whitespace-nowrap`}>
        <span className="flex gap-3 text-muted text-sm">
          <Link
            prefetch={false}
            href={link("/traces", target)}
            aria-label={`Traces of ${service.name}`}
            className="hover:text-ink hover:underline"
          >
            Traces
          </Link>
          <Link
            prefetch={false}
            href={link("/endpoints", target)}
            aria-label={`Endpoints of ${service.name}`}
            className="hover:text-ink hover:underline"
          >
            Endpoints
          </Link>
        </span>
      </Td>
    </Tr>
  );
}

export function ServicesTableSkeleton() {
  return (
    <Table label="Services, loading">
      <ServicesHead sort="-requests" onSort={() => undefined} />
      <tbody>
        <SkeletonRows
          rows={4}
          columns={[
            { width: 100 },
            { width: 120, className: SMALL },
            { width: 48, num: true, className: SMALL },
            { width: 40, num: true },
            { width: 48, num: true },
            { width: 64, num: true },
            { width: 48, num: true, className: WIDE },
            { width: 56, className: MEDIUM },
            { width: 108, className: SMALL },
          ]}
        />
      </tbody>
    </Table>
  );
}
