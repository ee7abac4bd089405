"use client";
import { Pause, Pencil, Play, Timer, Trash2 } from "lucide-react";
import Link from "next/link";
import { z } from "zod";
import { useRangeLink } from "@/components/shell/use-time-range";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { IconButton } from "@/components/ui/icon-button";
import { ServiceName } from "@/components/ui/service-dot";
import { Table, Td, Th, Tr } from "@/components/ui/table";
import { capture, type Target, type TargetState, target } from "@/lib/api/targets-contract";
import {
  formatAgo,
  formatBytes,
  formatCount,
  formatInstantExact,
  formatPercent,
  NO_VALUE,
} from "@/lib/format";
import { TargetPhase } from "./target-phase";
import { TARGETS, useChange } from "./use-targets";

const SMALL = "max-sm:hidden";
const MEDIUM = "max-md:hidden";

export function TargetsHead() {
  return (
    <thead className="border-line border-b">
      <tr>
        <Th className="max-sm:w-32">Target</Th>
        <Th>State</Th>
        <Th numeric className={SMALL} title="Of its cores, as it says itself">
          CPU
        </Th>
        <Th numeric className={SMALL} title="Of its limit, where one is known">
          Memory
        </Th>
        <Th className={MEDIUM}>Last profile</Th>
        <Th className={MEDIUM} title="When the next CPU window begins">
          Next
        </Th>
        <Th className="max-sm:w-20">
          <span className="sr-only">Actions</span>
        </Th>
      </tr>
    </thead>
  );
}

interface TargetsTableProps {
  targets: readonly Target[];
  /** When they were read. */
  nowMillis: number;
  onEdit: (target: Target) => void;
}

export function TargetsTable({ nowMillis, onEdit, targets }: TargetsTableProps) {
  return (
    <Table label="Targets" className="max-sm:table-fixed">
      <TargetsHead />
      <tbody>
        {targets.map((one) => (
          <TargetRow key={one.id} target={one} nowMillis={nowMillis} onEdit={() => onEdit(one)} />
        ))}
      </tbody>
    </Table>
  );
}

function TargetRow({
  nowMillis,
  onEdit,
  target: one,
}: {
  target: Target;
  nowMillis: number;
  onEdit: () => void;
}) {
  const { paused, service, state, url } = one;
  const reading = state?.reading ?? null;
  const link = useRangeLink();
  return (
    <Tr>
      <Td>
        <span className="grid max-w-96 grid-cols-[minmax(0,1fr)]">
          <Link
            prefetch={false}
            href={link("/endpoints", { service })}
            className="flex w-fit max-w-full hover:underline"
          >
            <ServiceName name={service} />
          </Link>
          <span className="truncate text-sm text-subtle" title={url}>
            {url}
          </span>
        </span>
      </Td>
      <Td className="max-w-96">
        <TargetPhase state={state} paused={paused} nowMillis={nowMillis} />
      </Td>
      <Td numeric className={SMALL} title={cpuTitle(reading)}>
        <Share
          used={reading?.cpuCores ?? null}
          of={reading?.ofCores ?? null}
          above={one.adaptive.cpuPercent}
        />
        {reading?.cpuSource === "profile" && <span className="block text-subtle text-xs">estimated</span>}
      </Td>
      <Td numeric className={SMALL} title={memoryTitle(reading)}>
        {reading?.memoryLimitBytes == null ? (
          <span className="text-muted">{formatBytes(reading?.memoryBytes)}</span>
        ) : (
          <Share
            used={reading.memoryBytes}
            of={reading.memoryLimitBytes}
            above={one.adaptive.memoryPercent}
          />
        )}
      </Td>
      <Td
        className={`${MEDIUM} whitespace-nowrap text-muted`}
        title={state?.lastProfile == null ? undefined : formatInstantExact(state.lastProfile.atUnixNano)}
      >
        {state?.lastProfile == null ? (
          NO_VALUE
        ) : (
          <Link
            prefetch={false}
            href={link(`/profiles/${state.lastProfile.profileId}`)}
            className="hover:text-ink hover:underline"
          >
            {`${state.lastProfile.kind}, ${formatAgo(state.lastProfile.atUnixNano, nowMillis)}`}
          </Link>
        )}
      </Td>
      <Td className={`${MEDIUM} whitespace-nowrap text-muted`}>
        {paused || state?.nextCpuUnixNano == null ? NO_VALUE : formatIn(state.nextCpuUnixNano, nowMillis)}
      </Td>
      <Td className="w-px whitespace-nowrap">
        <TargetActions target={one} onEdit={onEdit} />
      </Td>
    </Tr>
  );
}

function TargetActions({ onEdit, target: one }: { target: Target; onEdit: () => void }) {
  const change = useChange(target);
  const profile = useChange(capture);
  const removal = useChange(z.object({ removed: z.boolean() }));
  const path = `${TARGETS}/${one.id}`;
  const isOwn = one.origin === "settings";
  const failed = change.error ?? profile.error ?? removal.error;
  return (
    <span className="flex items-center justify-end gap-0.5 max-sm:grid max-sm:grid-cols-2">
      {failed !== null && (
        <span role="alert" className="max-w-48 truncate text-danger-ink text-sm" title={failed.message}>
          {failed.message}
        </span>
      )}
      <IconButton
        label={`Profile ${one.service} now, for 10 s`}
        disabled={profile.isPending}
        onClick={() => profile.mutate({ method: "POST", path: `${path}/capture`, body: { seconds: 10 } })}
      >
        <Timer aria-hidden />
      </IconButton>
      {isOwn ? (
        <>
          <IconButton
            label={one.paused ? `Resume ${one.service}` : `Pause ${one.service}`}
            disabled={change.isPending}
            onClick={() => change.mutate({ method: "PATCH", path, body: { paused: !one.paused } })}
          >
            {one.paused ? <Play aria-hidden /> : <Pause aria-hidden />}
          </IconButton>
          <IconButton label={`Edit ${one.service}`} onClick={onEdit}>
            <Pencil aria-hidden />
          </IconButton>
          <ConfirmDialog
            trigger={
              <IconButton label={`Remove ${one.service}`}>
                <Trash2 aria-hidden />
              </IconButton>
            }
            title={`Stop collecting from ${one.service}?`}
            confirmLabel="Remove"
            onConfirm={() => removal.mutate({ method: "DELETE", path })}
          >
            {one.url} is not read any more. Its profiles and captures stay.
          </ConfirmDialog>
        </>
      ) : (
        <span className="px-1.5 text-sm text-subtle" title="Written in the collector's file: change it there">
          from file
        </span>
      )}
    </span>
  );
}

/** Ember where it is above what triggers a capture. */
function Share({ above, of, used }: { used: number | null; of: number | null; above: number }) {
  const ratio = used === null || of === null ? null : used / of;
  const isAbove = ratio !== null && ratio * 100 > above;
  return <span className={isAbove ? "font-medium text-accent-ink" : undefined}>{formatPercent(ratio)}</span>;
}

type Reading = TargetState["reading"];

function cpuTitle(reading: Reading): string | undefined {
  if (reading?.cpuCores == null) return undefined;
  const source = { metrics: "/metrics", vars: "/debug/vars", profile: "the last CPU profile" };
  const of = { configured: "configured", gomaxprocs: "GOMAXPROCS", assumed: "assumed" };
  return `${formatCount(reading.cpuCores)} of ${formatCount(reading.ofCores)} cores (${of[reading.ofCoresSource ?? "assumed"]}), from ${source[reading.cpuSource ?? "profile"]}`;
}

function memoryTitle(reading: Reading): string | undefined {
  if (reading?.memoryBytes == null) return undefined;
  if (reading.memoryLimitBytes === null) return `${formatBytes(reading.memoryBytes)}; no limit is known`;
  const limit = reading.memoryLimitSource === "configured" ? "configured" : "GOMEMLIMIT";
  return `${formatBytes(reading.memoryBytes)} of ${formatBytes(reading.memoryLimitBytes)} (${limit})`;
}

function formatIn(instant: string, nowMillis: number): string {
  const seconds = Math.round(Number(BigInt(instant) / 1_000_000n - BigInt(Math.trunc(nowMillis))) / 1_000);
  if (seconds <= 0) return "now";
  return seconds < 120 ? `in ${seconds} s` : `in ${Math.round(seconds / 60)} m`;
}
