"use client";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { fetchApi } from "@/components/data/fetch-api";
import { useApi } from "@/components/data/use-api";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { type SampleDataResponse, sampleDataResponse } from "@/lib/api/contract";
import { useTimeRange } from "./use-time-range";

const PATH = "/api/v1/sample-data";

/**
 * Says that what one looks at is a recording, and takes it away on request; every page is asked again afterwards.
 * The server gives the first state, so that the page below does not move down when the line appears.
 */
export function SampleDataBanner({ initial }: { initial: SampleDataResponse | undefined }) {
  const { refresh } = useTimeRange();
  const { data } = useApi(PATH, {}, sampleDataResponse, {
    staleTime: 0,
    refetchInterval: (last) => (last?.state === "loading" || last?.state === "removing" ? 1_500 : 15_000),
    initialData: initial,
  });
  const removal = useMutation<SampleDataResponse, Error>({
    mutationFn: () => fetchApi(PATH, sampleDataResponse, { method: "DELETE" }),
    onSuccess: refresh,
  });
  const state = removal.isPending ? "removing" : data?.state;

  // The data come and go in the background: what the pages show is out of date the moment the state changes.
  const previous = useRef(data?.state);
  useEffect(() => {
    if (previous.current !== undefined && previous.current !== data?.state) refresh();
    previous.current = data?.state;
  }, [refresh, data?.state]);

  if (state === undefined || state === "none") return null;
  return (
    <Banner
      label="Sample data"
      actions={
        state === "loaded" && (
          <ConfirmDialog
            trigger={<Button size="sm">Remove sample data</Button>}
            title="Remove the sample data?"
            confirmLabel="Remove"
            onConfirm={() => removal.mutate()}
          >
            The recording of the demo shop disappears from all pages. What you have sent yourself stays.
          </ConfirmDialog>
        )
      }
    >
      <span role="status">{sentence(state, removal.error)}</span>
    </Banner>
  );
}

function sentence(state: SampleDataResponse["state"], error: Error | null): string {
  if (error !== null) return `The sample data could not be removed. ${error.message}`;
  switch (state) {
    case "loading":
      return "Loading the sample data recorded from the demo shop…";
    case "removing":
      return "Removing the sample data…";
    default:
      return "You are looking at sample data recorded from the demo shop.";
  }
}
