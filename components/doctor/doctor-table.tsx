"use client";
import Link from "next/link";
import { useServiceColour } from "@/components/data/use-services";
import { useRangeLink } from "@/components/shell/use-time-range";
import { cn } from "@/components/ui/cn";
import { ColourDot } from "@/components/ui/service-dot";
import { SkeletonRows } from "@/components/ui/skeleton";
import { Table, Td, Th, Tr } from "@/components/ui/table";
import { Value } from "@/components/ui/value";
import type { DoctorService } from "@/lib/api/doctor-contract";
import { formatCountExact, formatDuration, formatPercent, NO_VALUE } from "@/lib/format";
import { VerdictBadge } from "./verdict-badge";

const WIDE = "max-lg:hidden";
const SMALL = "max-sm:hidden";

/** A line for each service: how much is labelled, how much of the traced time was profiled, and what came of it. */
export function DoctorTable({ services }: { services: readonly DoctorService[] }) {
  return (
    <Table label="Services">
      <Head />
      <tbody>
        {services.map((service) => (
          <ServiceRow key={service.service} service={service} />
        ))}
      </tbody>
    </Table>
  );
}

function Head() {
  return (
    <thead className="border-line border-b">
      <tr>
        <Th>Service</Th>
        <Th className="max-sm:text-right">Verdict</Th>
        <Th numeric className={SMALL} title="Samples of CPU or wall time in the range">
          Samples
        </Th>
        <Th numeric title="Share of the samples that name a trace or a span">
          Labelled
        </Th>
        <Th numeric className={WIDE} title="Share of the samples that name a span">
          Span
        </Th>
        <Th numeric className={WIDE} title="Share of the samples that name an endpoint">
          Endpoint
        </Th>
        <Th numeric className={SMALL} title="Share of the labelled samples whose span or trace is stored">
          Met
        </Th>
        <Th
          numeric
          className={SMALL}
          title="Share of the time of requests that overlap a profile of the service"
        >
          Profiled
        </Th>
        <Th
          numeric
          className={WIDE}
          title="Requests with samples, of those that were profiled and are long enough for several samples"
        >
          With samples
        </Th>
      </tr>
    </thead>
  );
}

function ServiceRow({ service }: { service: DoctorService }) {
  const link = useRangeLink();
  const colour = useServiceColour();
  const { labelled, met, requestNs, samples, withEndpoint, withSpan } = service;
  return (
    <Tr>
      <Td className="whitespace-nowrap">
        <Link
          prefetch={false}
          href={link("/doctor", { service: service.service })}
          className="flex w-fit max-w-80 items-center gap-2 font-medium hover:underline max-sm:max-w-32"
        >
          <ColourDot colour={colour(service.service)} />
          <span className="truncate" title={service.service}>
            {service.service}
          </span>
          <span className="font-normal text-sm text-subtle max-sm:hidden">{service.language}</span>
        </Link>
      </Td>
      <Td className="w-full min-w-40">
        <span className="flex items-baseline gap-2 max-sm:justify-end">
          <VerdictBadge verdict={service.verdict} />
          <span className="text-muted text-sm max-xl:hidden">{service.sentence}</span>
        </span>
      </Td>
      <Td numeric className={SMALL}>
        <Value value={samples} unit="count" />
      </Td>
      <Td numeric>
        <Share part={labelled} of={samples} what="samples" />
      </Td>
      <Td numeric className={WIDE}>
        <Share part={withSpan} of={samples} what="samples" />
      </Td>
      <Td numeric className={WIDE}>
        <Share part={withEndpoint} of={samples} what="samples" />
      </Td>
      <Td numeric className={SMALL}>
        <Share part={met} of={labelled} what="labelled samples" />
      </Td>
      <Td numeric className={SMALL}>
        <span
          className="tabular-nums"
          title={`${formatDuration(service.coveredNs)} of ${formatDuration(requestNs)}; ${formatCountExact(service.coveredRequests)} of ${formatCountExact(service.requests)} requests`}
        >
          {requestNs === 0 ? NO_VALUE : formatPercent(service.coveredNs / requestNs)}
        </span>
      </Td>
      <Td numeric className={WIDE}>
        <span className="whitespace-nowrap tabular-nums">
          {service.longRequests === 0
            ? NO_VALUE
            : `${formatCountExact(service.sampledRequests)} of ${formatCountExact(service.longRequests)}`}
        </span>
      </Td>
    </Tr>
  );
}

function Share({ of, part, what }: { part: number; of: number; what: string }) {
  return (
    <span
      className={cn("whitespace-nowrap tabular-nums", part === 0 && "text-subtle")}
      title={`${formatCountExact(part)} of ${formatCountExact(of)} ${what}`}
    >
      {of === 0 ? NO_VALUE : formatPercent(part / of)}
    </span>
  );
}

export function DoctorTableSkeleton() {
  return (
    <Table label="Services, loading">
      <Head />
      <tbody>
        <SkeletonRows
          rows={4}
          columns={[
            { width: 100 },
            { width: 160 },
            { width: 48, num: true, className: SMALL },
            { width: 40, num: true },
            { width: 40, num: true, className: WIDE },
            { width: 40, num: true, className: WIDE },
            { width: 40, num: true, className: SMALL },
            { width: 40, num: true, className: SMALL },
            { width: 64, num: true, className: WIDE },
          ]}
        />
      </tbody>
    </Table>
  );
}
