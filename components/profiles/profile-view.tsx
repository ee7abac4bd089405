"use client";
import Link from "next/link";
import { parseAsString, useQueryStates } from "nuqs";
import { useApi } from "@/components/data/use-api";
import { FlamePanel } from "@/components/flame/flame-panel";
import { useRangeLink } from "@/components/shell/use-time-range";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorState } from "@/components/ui/error-state";
import { Select } from "@/components/ui/select";
import { ServiceName } from "@/components/ui/service-dot";
import { Skeleton } from "@/components/ui/skeleton";
import { type ReceivedProfile, receivedProfile } from "@/lib/api/profiles-contract";
import {
  formatCountExact,
  formatDateTime,
  formatDuration,
  formatDurationExact,
  formatInstantExact,
  formatValue,
  NO_VALUE,
} from "@/lib/format";
import { describeLabelled, describeOrigin } from "./profile-words";

const urlState = { type: parseAsString, focus: parseAsString };

/** One received profile: what it is, and its flame graph by each thing that it measured. */
export function ProfileView({ profileId }: { readonly profileId: string }) {
  const query = useApi(`/api/v1/profiles/${profileId}`, {}, receivedProfile);
  const { data, error } = query;
  if (data !== undefined) return <Received profile={data} />;
  if (error === null) {
    return (
      <div aria-busy className="grid gap-3">
        <Skeleton className="h-5 w-64" />
        <Skeleton className="w-96" />
        <Skeleton className="h-80 w-full" />
      </div>
    );
  }
  if (error.code === "not-found") return <Missing />;
  return (
    <ErrorState
      heading="h1"
      title="The profile could not be loaded"
      error={error}
      onRetry={() => void query.refetch()}
      retrying={query.isFetching}
    />
  );
}

function Missing() {
  const link = useRangeLink();
  return (
    <EmptyState
      heading="h1"
      title="No such profile was received"
      actions={
        <Button asChild>
          <Link href={link("/profiles")}>All profiles</Link>
        </Button>
      }
    >
      It may be of another installation, or the link was cut.
    </EmptyState>
  );
}

function Received({ profile }: { readonly profile: ReceivedProfile }) {
  const [state, setState] = useQueryStates(urlState, { history: "push", scroll: false });
  const { profileId, sampleTypes, service, startUnixNano } = profile;
  const shown = sampleTypes.find(({ type }) => type === state.type) ?? firstTold(sampleTypes);
  const origin = describeOrigin(profile);
  return (
    <>
      <header className="mb-4">
        <div className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
          <h1 className="flex min-w-0 items-center gap-2 font-semibold text-lg tracking-[-0.01em]">
            Profile of <ServiceName name={service} />
          </h1>
          <span className="ml-auto flex items-center gap-1 text-muted">
            <code className="text-sm" title="Profile id">
              {profileId}
            </code>
            <CopyButton text={profileId} label="Copy the profile id" />
          </span>
        </div>
        <dl className="mt-2 flex flex-wrap gap-x-6 gap-y-2">
          <Fact
            name="Window started"
            value={formatDateTime(startUnixNano)}
            title={formatInstantExact(startUnixNano)}
          />
          <Fact
            name="Length"
            value={profile.durationNs === 0 ? NO_VALUE : formatDuration(profile.durationNs)}
            title={
              profile.durationNs === 0 ? "one moment, or not said" : formatDurationExact(profile.durationNs)
            }
          />
          <Fact
            name="Samples"
            value={formatCountExact(profile.samples)}
            title="As the profile lists them: one may stand for several times that the same was seen"
          />
          <Fact
            name="Labelled"
            value={describeLabelled(profile)}
            title={`${formatCountExact(profile.labelled)} samples say to which trace or span they belong`}
          />
          <Fact
            name="Received"
            value={formatDateTime(profile.receivedUnixNano)}
            title={formatInstantExact(profile.receivedUnixNano)}
          />
          <Fact name="From" value={origin.short} title={origin.long} />
        </dl>
      </header>
      {shown === undefined ? (
        <EmptyState title="This profile holds no values">It has no sample types.</EmptyState>
      ) : (
        <FlamePanel
          // Service and instant lead the store to the profile's rows; the id alone would make it look everywhere.
          selector={{
            type: shown.type,
            service,
            profile: profileId,
            from: startUnixNano,
            to: String(BigInt(startUnixNano) + 1n),
          }}
          actions={
            <Select
              label="Sample type"
              prefix="Type"
              value={shown.type}
              options={sampleTypes.map(({ total, type, unit }) => ({
                value: type,
                label: type,
                hint: formatValue(total, unit),
              }))}
              onChange={(type) => void setState({ type, focus: null })}
            />
          }
        />
      )}
    </>
  );
}

/** The last type that has a value: what pprof itself shows first. */
function firstTold(
  types: ReceivedProfile["sampleTypes"],
): ReceivedProfile["sampleTypes"][number] | undefined {
  return (
    types.find(({ type }) => type === "cpu" || type === "wall") ??
    types.findLast(({ total }) => total !== 0) ??
    types.at(-1)
  );
}

function Fact({
  name,
  value,
  title,
}: {
  readonly name: string;
  readonly value: string;
  readonly title?: string;
}) {
  return (
    <div title={title} className="min-w-0">
      <dt className="text-subtle text-xs">{name}</dt>
      <dd className="max-w-80 truncate tabular-nums">
        <bdi>{value}</bdi>
      </dd>
    </div>
  );
}
