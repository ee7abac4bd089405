"use client";
import { useQuery } from "@tanstack/react-query";
import { DatabaseZap } from "lucide-react";
import { Banner } from "@/components/ui/banner";
import { type HealthResponse, healthResponse } from "@/lib/api/contract";

type State = { reachable: true; health: HealthResponse } | { reachable: false };

/** Appears only when something is down: what it is, and that nothing is lost, for senders are told to keep and retry. */
export function HealthBanner() {
  const { data } = useQuery<State>({
    queryKey: ["health"],
    queryFn: ({ signal }) => findHealth(signal),
    refetchInterval: ({ state }) => (isWell(state.data) ? 15_000 : 2_000),
    staleTime: 0,
    retry: false,
  });
  if (data === undefined || isWell(data)) return null;
  return (
    <Banner tone="danger" label="Health" icon={<DatabaseZap aria-hidden />}>
      {sentence(data)}
    </Banner>
  );
}

function isWell(state: State | undefined): boolean {
  return state?.reachable === true && state.health.status === "ok";
}

function sentence(state: State): string {
  if (!state.reachable)
    return "Hotspan does not answer. Trying again every two seconds; what is on this page may be out of date.";
  const { store, catalogue, receivers } = state.health;
  if (!store.ok)
    return `The store is away: ${store.message} No data are lost: senders are told to keep them and try again.`;
  if (!catalogue.ok)
    return `The catalogue is away: ${catalogue.message} Senders of profiles are told to keep them and try again.`;
  if (!receivers.ok)
    return `The receivers are away: ${receivers.message} Senders keep their data and try again.`;
  return "Hotspan reports that it is degraded.";
}

/** The route answers 503 with the same body when a part is down, so the status is not asked. */
async function findHealth(signal: AbortSignal): Promise<State> {
  const body: unknown = await fetch("/api/v1/health", { signal }).then(
    (response) => response.json(),
    () => undefined,
  );
  const parsed = healthResponse.safeParse(body);
  return parsed.success ? { reachable: true, health: parsed.data } : { reachable: false };
}
