"use client";
import { FileUp } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Panel } from "@/components/ui/panel";
import { UploadList } from "./upload-list";
import { useUploads } from "./use-uploads";

const NO_FOLDERS = "Folders cannot be dropped: drop the files in it, or a zip of it.";

/** Takes files that are dropped anywhere on the page or chosen, and says of each what came of it. */
export function DropZone() {
  const { add, refuse, ...state } = useUploads();
  const [service, setService] = useState("");
  const [over, setOver] = useState(false);
  const chooser = useRef<HTMLInputElement>(null);

  useEffect(() => {
    const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") === true;
    const enter = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    // Left for good only where nothing of the page is entered instead.
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      setOver(false);
      const { files, folders } = readDrop(event.dataTransfer);
      if (files.length > 0) add(files, service.trim());
      for (const name of folders) refuse(name, NO_FOLDERS);
    };
    window.addEventListener("dragenter", enter);
    window.addEventListener("dragover", enter);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragenter", enter);
      window.removeEventListener("dragover", enter);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
    };
  }, [add, refuse, service]);

  return (
    <Panel aria-label="Import files" className="mb-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2 px-3 py-2.5">
        <FileUp aria-hidden className="size-4 shrink-0 text-subtle max-sm:hidden" />
        <p className="min-w-0 flex-1 basis-72 text-muted">
          <span className="font-medium text-ink">Drop files anywhere on this page</span>, many at once: pprof,
          traces as OTLP JSON or from Jaeger’s page, a zip of them.
        </p>
        <Input
          aria-label="Service of profiles that do not say whose they are"
          title="For profiles whose name, labels and samples do not say whose they are"
          placeholder="Service, if they do not say"
          value={service}
          maxLength={256}
          onChange={(event) => setService(event.target.value)}
          className="w-52"
        />
        <input
          ref={chooser}
          type="file"
          multiple
          hidden
          data-testid="choose-files"
          onChange={({ target }) => {
            add([...(target.files ?? [])], service.trim());
            target.value = ""; // the same file may be chosen again
          }}
        />
        <Button onClick={() => chooser.current?.click()}>Choose files</Button>
      </div>
      <UploadList {...state} />
      {over && <DropHere />}
    </Panel>
  );
}

function DropHere(): ReactNode {
  return (
    <div
      aria-hidden
      className="pointer-events-none fixed inset-3 z-50 flex items-center justify-center rounded-lg border-2 border-accent border-dashed bg-canvas/85"
    >
      <p className="flex items-center gap-2 font-medium text-md">
        <FileUp className="size-5" /> Drop to import
      </p>
    </div>
  );
}

/** A folder looks like a file until it is read; only its entry tells. */
function readDrop(data: DataTransfer | null): { files: File[]; folders: string[] } {
  const files: File[] = [];
  const folders: string[] = [];
  for (const item of data?.items ?? []) {
    if (item.kind !== "file") continue;
    const entry = item.webkitGetAsEntry();
    const file = item.getAsFile();
    if (entry?.isDirectory === true) folders.push(entry.name);
    else if (file !== null) files.push(file);
  }
  return { files, folders };
}
