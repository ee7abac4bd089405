"use client";
import { DatabaseZap } from "lucide-react";
import { useHealth } from "@/components/data/use-health";
import { Banner } from "@/components/ui/banner";
import type { HealthResponse } from "@/lib/api/contract";

/** Appears only when something is down: what it is, and that nothing is lost, for senders are told to keep and retry. */
export function HealthBanner() {
  const { data, error } = useHealth((last) => (last?.status === "ok" ? 15_000 : 2_000));
  if (error === null && (data === undefined || data.status === "ok")) return null;
  return (
    <Banner tone="danger" label="Health" icon={<DatabaseZap aria-hidden />}>
      {error === null && data !== undefined
        ? sentence(data)
        : "Hotspan does not answer. Trying again every two seconds; what is on this page may be out of date."}
    </Banner>
  );
}

function sentence({ catalogue, receivers, store }: HealthResponse): string {
  if (!store.ok)
    return `The store is away. ${store.message} No data are lost: senders are told to keep them and try again.`;
  if (!catalogue.ok)
    return `The catalogue is away. ${catalogue.message} Senders of profiles are told to keep them and try again.`;
  if (!receivers.ok)
    return `The receivers are away. ${receivers.message} Senders keep their data and try again.`;
  return "Hotspan reports that it is degraded.";
}
