"use client";
import { CircleCheck, RotateCw, TriangleAlert, X } from "lucide-react";
import Link from "next/link";
import { useRangeLink } from "@/components/shell/use-time-range";
import { Button } from "@/components/ui/button";
import { cn } from "@/components/ui/cn";
import { IconButton } from "@/components/ui/icon-button";
import { SenderName } from "@/components/ui/sender-name";
import type { ImportedFile, ImportResponse } from "@/lib/api/import-contract";
import { formatBytes, formatCounted, formatPercent } from "@/lib/format";
import { describeImport } from "./profile-words";
import type { Upload } from "./uploads-reducer";
import type { Uploads } from "./use-uploads";

const MAX_LINKS = 3;
const MAX_REMARKS = 20;

type UploadListProps = Pick<Uploads, "uploads" | "cancel" | "retry" | "clearFinished">;

/** One line for each file that is, was or will be sent. */
export function UploadList({ uploads, cancel, retry, clearFinished }: UploadListProps) {
  if (uploads.length === 0) return null;
  const open = uploads.filter(({ state }) => state !== "done" && state !== "failed" && state !== "cancelled");
  return (
    <div className="border-line border-t">
      <div className="flex min-h-9 items-center gap-2 px-3">
        <p className="mr-auto text-muted text-sm" role="status">
          {open.length > 0
            ? `${formatCounted(uploads.length - open.length, "file")} of ${uploads.length} done`
            : `${formatCounted(uploads.length, "file")} done`}
        </p>
        {open.length > 1 && (
          <Button size="sm" variant="ghost" onClick={() => open.forEach(({ id }) => void cancel(id))}>
            Cancel all
          </Button>
        )}
        <Button size="sm" variant="ghost" disabled={open.length === uploads.length} onClick={clearFinished}>
          Clear
        </Button>
      </div>
      <ul aria-label="Imported files" className="max-h-72 overflow-y-auto">
        {uploads.map((upload) => (
          <UploadRow
            key={upload.id}
            upload={upload}
            onCancel={() => cancel(upload.id)}
            onRetry={() => retry(upload.id)}
          />
        ))}
      </ul>
    </div>
  );
}

interface UploadRowProps {
  readonly upload: Upload;
  readonly onCancel: () => void;
  readonly onRetry: () => void;
}

function UploadRow({ upload, onCancel, onRetry }: UploadRowProps) {
  const { file, name, state } = upload;
  const isOpen = state === "waiting" || state === "sending" || state === "reading";
  return (
    <li className="relative border-line border-t px-3 py-1.5" data-state={state}>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-0.5">
        <StateIcon upload={upload} />
        <span className="min-w-0 max-w-80 truncate" title={name}>
          <SenderName name={name} />
        </span>
        <span className="text-sm text-subtle">{file === null ? "" : formatBytes(file.size)}</span>
        <span
          className={cn(
            "min-w-0 flex-1 basis-60 text-sm",
            state === "failed" ? "text-danger-ink" : "text-muted",
          )}
        >
          {describeUpload(upload)}
        </span>
        {upload.state === "done" && <Links answer={upload.answer} />}
        {(state === "failed" || state === "cancelled") && file !== null && (
          <Button size="sm" variant="ghost" onClick={onRetry}>
            <RotateCw aria-hidden /> Again
          </Button>
        )}
        {isOpen && (
          <IconButton size="sm" label={`Cancel ${name}`} onClick={onCancel}>
            <X aria-hidden />
          </IconButton>
        )}
      </div>
      {upload.state === "done" && <Remarks files={upload.answer.files} />}
      {isOpen && (
        <div
          role="progressbar"
          aria-label={`Sending ${name}`}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(shareSent(upload) * 100)}
          className="absolute inset-x-0 bottom-0 h-0.5"
        >
          <div
            className={cn("h-full bg-accent", state === "reading" && "animate-pulse")}
            style={{ width: `${shareSent(upload) * 100}%` }}
          />
        </div>
      )}
    </li>
  );
}

function StateIcon({ upload }: { upload: Upload }) {
  const isPartly = upload.state === "done" && upload.answer.files.some(({ error }) => error !== null);
  if (upload.state === "failed" || isPartly)
    return <TriangleAlert aria-hidden className="size-3.5 shrink-0 text-danger" />;
  if (upload.state === "done") return <CircleCheck aria-hidden className="size-3.5 shrink-0 text-muted" />;
  return <span aria-hidden className="size-3.5 shrink-0" />;
}

function describeUpload(upload: Upload): string {
  switch (upload.state) {
    case "waiting":
      return "Waiting";
    case "sending":
      return `Sending, ${formatPercent(shareSent(upload))}`;
    case "reading":
      return "Being read and stored";
    case "cancelled":
      return "Cancelled; what was stored of it before stays";
    case "failed":
      return upload.error;
    case "done":
      return describeImport(upload.answer);
  }
}

function shareSent({ file, sent }: Upload): number {
  return file === null || file.size === 0 ? 0 : Math.min(1, sent / file.size);
}

/** To what came in, whatever range is looked at. */
function Links({ answer }: { answer: ImportResponse }) {
  const link = useRangeLink();
  const profiles = answer.files.filter(({ profileId }) => profileId !== "").slice(0, MAX_LINKS);
  return (
    <span className="flex flex-wrap gap-x-3 text-sm">
      {profiles.map(({ profileId, service }) => (
        <Link
          key={profileId}
          prefetch={false}
          href={link(`/profiles/${profileId}`)}
          className="underline hover:text-ink"
        >
          Profile of {service}
        </Link>
      ))}
      {answer.traceIds.slice(0, MAX_LINKS).map((traceId) => (
        <Link
          key={traceId}
          prefetch={false}
          href={link(`/traces/${traceId}`)}
          className="underline hover:text-ink"
        >
          Trace {traceId.slice(0, 8)}
        </Link>
      ))}
    </span>
  );
}

function Remarks({ files }: { files: readonly ImportedFile[] }) {
  const remarks = files.filter(({ error, message }) => error !== null || message !== "");
  if (remarks.length === 0) return null;
  return (
    <ul className="mt-0.5 mb-1 ml-6 text-sm">
      {remarks.slice(0, MAX_REMARKS).map(({ error, message, name }) => (
        <li key={name} className={error === null ? "text-muted" : "text-danger-ink"}>
          {files.length > 1 && <bdi className="mr-1.5 font-medium">{name}</bdi>}
          <span className="wrap-anywhere">{error ?? message}</span>
        </li>
      ))}
      {remarks.length > MAX_REMARKS && (
        <li className="text-muted">and {remarks.length - MAX_REMARKS} more</li>
      )}
    </ul>
  );
}
