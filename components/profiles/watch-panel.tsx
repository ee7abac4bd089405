"use client";
import { FolderOpen, TriangleAlert } from "lucide-react";
import { useApi } from "@/components/data/use-api";
import { useTimeRange } from "@/components/shell/use-time-range";
import { Panel } from "@/components/ui/panel";
import { type WatchResponse, watchResponse } from "@/lib/api/profiles-contract";
import { formatAgo, formatCounted, formatInstantExact } from "@/lib/format";

const REFRESH_MS = 5_000;

/** The watched folders, and by name what could not be read of them. Absent where nothing is watched. */
export function WatchPanel({ className }: { readonly className?: string }) {
  const { data } = useApi("/api/v1/watch", {}, watchResponse, {
    // Only where something is watched does anything change by itself.
    refetchInterval: (last) => (last !== undefined && last.folders.length > 0 ? REFRESH_MS : false),
  });
  if (data === undefined || (data.folders.length === 0 && data.refused.length === 0)) return null;
  return (
    <Panel title="Watched folders" className={className}>
      <ul>
        {data.folders.map((folder) => (
          <Folder key={folder.path} folder={folder} />
        ))}
      </ul>
      {data.refused.length > 0 && <Refused files={data.refused} />}
    </Panel>
  );
}

function Folder({ folder }: { folder: WatchResponse["folders"][number] }) {
  const { message, path, refused, state, taken, waiting } = folder;
  const counts = [
    `${formatCounted(taken, "file")} taken`,
    waiting > 0 ? `${formatCounted(waiting, "file")} still being written` : "",
    refused > 0 ? `${formatCounted(refused, "file")} not read` : "",
  ].filter((part) => part !== "");
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-0.5 border-line border-t px-3 py-1.5 first:border-t-0">
      {state === "watching" ? (
        <FolderOpen aria-hidden className="size-4 shrink-0 text-subtle" />
      ) : (
        <TriangleAlert aria-hidden className="size-4 shrink-0 text-danger" />
      )}
      {state === "watching" && (
        <>
          <code className="min-w-0 truncate text-sm" title={path}>
            {path}
          </code>
          <span className="text-muted text-sm">{counts.join("; ")}</span>
        </>
      )}
      {message !== "" && (
        <span className="min-w-0 flex-1 text-danger-ink text-sm wrap-anywhere">{message}</span>
      )}
    </li>
  );
}

function Refused({ files }: { files: WatchResponse["refused"] }) {
  const { nowMillis } = useTimeRange();
  return (
    <details className="border-line border-t px-3 py-1.5 text-sm">
      <summary className="cursor-pointer text-danger-ink">
        {formatCounted(files.length, "file")} could not be read. Each is tried again when it changes.
      </summary>
      <ul aria-label="Files that could not be read" className="mt-1 max-h-60 overflow-y-auto">
        {files.map(({ path, reason, seenUnixNano }) => (
          <li key={path} className="py-1">
            <code className="wrap-anywhere">{path}</code>
            <span className="ml-2 text-subtle" title={formatInstantExact(seenUnixNano)}>
              {formatAgo(seenUnixNano, nowMillis)}
            </span>
            <p className="text-muted wrap-anywhere">{reason}</p>
          </li>
        ))}
      </ul>
    </details>
  );
}
