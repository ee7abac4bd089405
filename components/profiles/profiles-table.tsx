"use client";
import Link from "next/link";
import { useRef } from "react";
import { useServiceColour } from "@/components/data/use-services";
import { useRangeLink, useTimeRange } from "@/components/shell/use-time-range";
import { cn } from "@/components/ui/cn";
import { SenderName } from "@/components/ui/sender-name";
import { ColourDot } from "@/components/ui/service-dot";
import { SkeletonRows } from "@/components/ui/skeleton";
import { Th } from "@/components/ui/table";
import { useRowKeys } from "@/components/ui/use-row-keys";
import { useNearEnd, useVirtualRows } from "@/components/ui/use-virtual-rows";
import { Value } from "@/components/ui/value";
import type { ReceivedProfile } from "@/lib/api/profiles-contract";
import { formatCountExact, formatDateTime, formatInstantExact } from "@/lib/format";
import { describeLabelled, describeOrigin, describeTypes, formatMoment } from "./profile-words";

const ROW_HEIGHT = 34;
/** Ask for the next page so many rows before its place is seen. */
const AHEAD = 40;

const COLUMNS = [
  { name: "Service", width: "w-[18%] max-sm:w-[30%]", skeleton: 90 },
  { name: "Started", width: "w-44 max-sm:w-22", skeleton: 70 },
  { name: "Length", numeric: true, width: "w-24", when: "max-md:hidden", skeleton: 40 },
  { name: "What it measured", width: "w-auto", skeleton: 100 },
  { name: "Samples", numeric: true, width: "w-24", when: "max-sm:hidden", skeleton: 40 },
  {
    name: "Labelled",
    title: "Share of the samples that say to which trace or span they belong",
    numeric: true,
    width: "w-24",
    when: "max-md:hidden",
    skeleton: 40,
  },
  { name: "From", width: "w-[16%]", when: "max-lg:hidden", skeleton: 80 },
] as const satisfies readonly {
  name: string;
  title?: string;
  numeric?: boolean;
  width: string;
  when?: string;
  skeleton: number;
}[];

interface ProfilesTableProps {
  readonly profiles: readonly ReceivedProfile[];
  readonly total: number;
  readonly onNearEnd: () => void;
  readonly loading: boolean;
  readonly stale: boolean;
}

/** A virtual list, newest first. Each row is one link; up and down move between rows. */
export function ProfilesTable({ profiles, total, onNearEnd, loading, stale }: ProfilesTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualRows(profiles.length, ROW_HEIGHT, scroller);

  useNearEnd(virtual, { ahead: AHEAD, loaded: profiles.length, total, onNearEnd });
  const onKeyDown = useRowKeys(scroller, profiles.length, virtual.scrollToRow);

  return (
    <div
      ref={scroller}
      className={cn(
        "max-h-[calc(100dvh-15rem)] min-h-80 overflow-auto overscroll-contain transition-opacity",
        stale && "opacity-60",
      )}
    >
      <table
        aria-label="Profiles"
        aria-rowcount={total + 1}
        aria-busy={loading || stale}
        className="w-full table-fixed border-collapse"
      >
        <thead className="sticky top-0 z-10 bg-surface shadow-[0_1px_0_var(--line)]">
          <tr>
            {COLUMNS.map((column) => (
              <Th
                key={column.name}
                numeric={"numeric" in column}
                title={"title" in column ? column.title : undefined}
                className={cn(column.width, "when" in column && column.when)}
              >
                {column.name}
              </Th>
            ))}
          </tr>
        </thead>
        {loading ? (
          <tbody>
            <SkeletonRows
              rows={12}
              cellClassName="h-[34px]"
              columns={COLUMNS.map((column) => ({
                width: column.skeleton,
                num: "numeric" in column,
                ...("when" in column ? { className: column.when } : {}),
              }))}
            />
          </tbody>
        ) : (
          <tbody onKeyDown={onKeyDown}>
            <tr aria-hidden style={{ height: virtual.before }} />
            {virtual.rows.map(({ index }) => {
              const profile = profiles[index];
              return profile && <ProfileRow key={profile.profileId} profile={profile} index={index} />;
            })}
            <tr aria-hidden style={{ height: virtual.after }} />
          </tbody>
        )}
      </table>
    </div>
  );
}

const CELL = "h-[34px] truncate px-3 align-middle max-sm:px-2";
const NUMBER = `${CELL} num`;

function ProfileRow({ profile, index }: { readonly profile: ReceivedProfile; readonly index: number }) {
  const link = useRangeLink();
  const { nowMillis } = useTimeRange();
  const colour = useServiceColour();
  const origin = describeOrigin(profile);
  const types = describeTypes(profile);
  const started = formatDateTime(profile.startUnixNano);
  return (
    <tr
      aria-rowindex={index + 2}
      className="relative border-line border-b hover:bg-hover/60 has-focus-visible:bg-selected"
    >
      <td className={CELL}>
        <Link
          href={link(`/profiles/${profile.profileId}`)}
          data-row={index}
          prefetch={false}
          aria-label={`${profile.service}, ${started}: ${types}`}
          className="flex min-w-0 items-center gap-2 outline-none after:absolute after:inset-0 focus-visible:after:outline-2 focus-visible:after:outline-focus focus-visible:after:-outline-offset-2"
        >
          <ColourDot colour={colour(profile.service)} />
          <SenderName name={profile.service} className="truncate" />
        </Link>
      </td>
      <td className={CELL} title={formatInstantExact(profile.startUnixNano)}>
        <span className="tabular-nums max-sm:hidden">{started}</span>
        <span className="tabular-nums sm:hidden">{formatMoment(profile.startUnixNano, nowMillis)}</span>
      </td>
      <td className={cn(NUMBER, "max-md:hidden")}>
        <Value value={profile.durationNs === 0 ? null : profile.durationNs} unit="duration" />
      </td>
      <td className={cn(CELL, "text-muted")} title={types}>
        {types}
      </td>
      <td className={cn(NUMBER, "max-sm:hidden")} title={formatCountExact(profile.samples)}>
        <Value value={profile.samples} unit="count" />
      </td>
      <td
        className={cn(NUMBER, "max-md:hidden", profile.labelled === 0 && "text-subtle")}
        title={`${formatCountExact(profile.labelled)} of ${formatCountExact(profile.samples)} samples`}
      >
        {describeLabelled(profile)}
      </td>
      <td className={cn(CELL, "text-muted max-lg:hidden")} title={origin.long}>
        <SenderName name={origin.short} />
      </td>
    </tr>
  );
}
