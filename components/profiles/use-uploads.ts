"use client";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useReducer, useRef } from "react";
import { buildApiUrl } from "@/components/data/fetch-api";
import type { ImportResponse } from "@/lib/api/import-contract";
import { sendFile } from "./send-file";
import { type Upload, uploadsReducer } from "./uploads-reducer";

/** Two at once: the server decodes in two threads, and the second uploads while the first is stored. */
const PARALLEL = 2;

export interface Uploads {
  readonly uploads: readonly Upload[];
  /** @param service of profiles that do not say whose they are; "" leaves it to their names and labels */
  add(files: readonly File[], service: string): void;
  /** A thing that was dropped and is no file. */
  refuse(name: string, error: string): void;
  cancel(id: number): void;
  retry(id: number): void;
  clearFinished(): void;
}

/** Files on their way to the server: a few at a time, each with its progress and what came of it. */
export function useUploads(): Uploads {
  const [uploads, dispatch] = useReducer(uploadsReducer, []);
  const running = useRef(new Map<number, AbortController>());
  const nextId = useRef(1);
  const client = useQueryClient();

  useEffect(() => {
    for (const upload of uploads) {
      if (running.current.size >= PARALLEL) break;
      if (upload.state !== "waiting" || upload.file === null || running.current.has(upload.id)) continue;
      const { file, id, service } = upload;
      const abort = new AbortController();
      running.current.set(id, abort);
      const url = buildApiUrl("/api/v1/import", { filename: file.name, service });
      const onProgress = (sent: number) => dispatch({ kind: "progress", id, sent });
      sendFile(url, file, onProgress, abort.signal)
        .then(
          (answer: ImportResponse) => dispatch({ kind: "done", id, answer }),
          (error: Error) =>
            dispatch(
              abort.signal.aborted ? { kind: "cancelled", id } : { kind: "failed", id, error: error.message },
            ),
        )
        .finally(() => {
          running.current.delete(id);
          // Everything on the page may now say something else; asked for again once nothing is on its way.
          if (running.current.size === 0) void client.invalidateQueries({ queryKey: ["api"] });
          dispatch({ kind: "next" });
        });
    }
  }, [uploads, client]);

  useEffect(() => {
    const started = running.current;
    return () => {
      for (const abort of started.values()) abort.abort();
    };
  }, []);

  return {
    uploads,
    add: useCallback((files, service) => {
      dispatch({
        kind: "add",
        uploads: files.map((file) => ({
          id: nextId.current++,
          name: file.name,
          file,
          service,
          sent: 0,
          state: "waiting" as const,
        })),
      });
    }, []),
    refuse: useCallback((name, error) => {
      const upload = { id: nextId.current++, name, file: null, service: "", sent: 0 };
      dispatch({ kind: "add", uploads: [{ ...upload, state: "failed", error }] });
    }, []),
    cancel: useCallback((id) => {
      const abort = running.current.get(id);
      if (abort === undefined) dispatch({ kind: "cancelled", id });
      else abort.abort();
    }, []),
    retry: useCallback((id) => dispatch({ kind: "retry", id }), []),
    clearFinished: useCallback(() => dispatch({ kind: "clear" }), []),
  };
}
