"use client";
import Link from "next/link";
import { parseAsString, useQueryState } from "nuqs";
import { EmptyRange } from "@/components/shell/empty-range";
import { useTimeRange } from "@/components/shell/use-time-range";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorState } from "@/components/ui/error-state";
import { PageHeader, Panel } from "@/components/ui/panel";
import { ProgressLine } from "@/components/ui/progress-line";
import { ServicePicker } from "@/components/ui/service-picker";
import { Skeleton } from "@/components/ui/skeleton";
import { formatCounted } from "@/lib/format";
import { DropZone } from "./drop-zone";
import { ProfilesTable } from "./profiles-table";
import { useProfileList } from "./use-profile-list";
import { WatchPanel } from "./watch-panel";

/** Every profile that was received, and where files are brought in. */
export function ProfilesPage() {
  const range = useTimeRange();
  const [service, setService] = useQueryState("service", parseAsString.withOptions({ history: "push" }));
  const { list, more, profiles, total } = useProfileList({ service, ...range.params });
  const { error } = list;
  return (
    <>
      <PageHeader
        title="Profiles"
        summary={
          list.data ? formatCounted(total, "profile") : error ? undefined : <Skeleton className="w-20" />
        }
      >
        <ServicePicker value={service} onChange={(next) => void setService(next)} />
      </PageHeader>
      <DropZone />
      <WatchPanel className="mb-3" />
      <Panel>
        <ProgressLine active={list.isPlaceholderData} className="-mb-0.5" />
        {list.data === undefined && error !== null ? (
          <ErrorState
            title="The profiles could not be loaded"
            error={error}
            onRetry={() => void list.refetch()}
            retrying={list.isFetching}
          />
        ) : list.data !== undefined && total === 0 ? (
          <NoProfiles service={service} onAllServices={() => void setService(null)} />
        ) : (
          <ProfilesTable
            profiles={profiles}
            total={total}
            onNearEnd={more}
            loading={list.isPending}
            stale={list.isPlaceholderData}
          />
        )}
      </Panel>
    </>
  );
}

/** None of this service, none in this range, or none at all. */
function NoProfiles({ service, onAllServices }: { service: string | null; onAllServices: () => void }) {
  const any = useProfileList({});
  const latest = any.profiles[0];
  if (service !== null) {
    return (
      <EmptyState
        title={`No profiles of ${service} in this range`}
        actions={<Button onClick={onAllServices}>All services</Button>}
      >
        Look at a longer time, or at all services.
      </EmptyState>
    );
  }
  if (latest !== undefined) {
    return <EmptyRange services={[{ lastSeenUnixNano: latest.startUnixNano }]} what="profiles" />;
  }
  return (
    <EmptyState
      title="No profile has been received yet"
      actions={
        <Button asChild>
          <Link href="/settings">Add a target</Link>
        </Button>
      }
    >
      Drop one above, push one to <code>/api/v1/profiles</code>, name a folder in <code>HOTSPAN_WATCH</code>,
      or let Hotspan fetch those of your Go services.
    </EmptyState>
  );
}
