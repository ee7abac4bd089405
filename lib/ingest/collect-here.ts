/** The collector inside the ingest process: what it scrapes goes the way of what is sent here. */
import type { TargetInput } from "@/lib/api/targets-contract";
import { createCatalogueLedger } from "@/lib/collector/catalogue-ledger";
import { createCollector } from "@/lib/collector/collector";
import { fetchTarget } from "@/lib/collector/fetch-target";
import type { Guard } from "@/lib/collector/guard-target";
import type { ProfileSink, Scrape, StoredProfile } from "@/lib/collector/parts";
import type { ProfileIntake, ProfileReceipt } from "@/lib/ingest/profile-intake";
import type { ProfileUpload } from "@/lib/ingest/profile-upload";
import { pause } from "@/lib/pause";
import type { Catalogue } from "@/lib/store/catalogue";
import { replaceFileTargets } from "@/lib/store/scrape-targets";

interface CollectHere {
  readonly catalogue: Catalogue;
  readonly profiles: Pick<ProfileIntake, "accept" | "acceptDifference">;
  readonly guard: Guard;
  /** Of the YAML file; those that were in it before and are not any more go. */
  readonly fileTargets: readonly TargetInput[];
  readonly maxBodyBytes: number;
}

/** Collects until the signal, and resolves when what was under way has ended. */
export async function collectHere(options: CollectHere, signal: AbortSignal): Promise<void> {
  const { catalogue, fileTargets, guard, maxBodyBytes, profiles } = options;
  await replaceFileTargets(catalogue, fileTargets);
  const clock = { now: () => Date.now(), random: Math.random, wait: pause };
  const collector = createCollector({
    guard,
    clock,
    sink: createStoreSink(profiles, maxBodyBytes),
    ledger: createCatalogueLedger(catalogue, clock.now),
    fetch: fetchTarget,
    log: (line) => console.error(line),
  });
  await collector.run(signal);
}

export function createStoreSink(profiles: CollectHere["profiles"], maxBytes: number): ProfileSink {
  return {
    store: async (scrape) => toStored(await profiles.accept(toUpload(scrape, maxBytes))),
    storeDifference: async (previous, current) =>
      toStored(await profiles.acceptDifference(previous.bytes, toUpload(current, maxBytes))),
  };
}

/** @param maxBytes limit after inflation */
export function toUpload(scrape: Scrape, maxBytes: number): ProfileUpload {
  return {
    // The intake may hand the bytes to a worker, and the scrape is the next one's base.
    bytes: new Uint8Array(scrape.bytes),
    service: scrape.service,
    receivedUnixNano: scrape.atUnixNano,
    startUnixNano: undefined,
    instance: scrape.instance,
    traceId: "",
    labels: new Map([...scrape.labels, ["instance", scrape.instance]]),
    lockKind: scrape.kind === "mutex" || scrape.kind === "block" ? scrape.kind : undefined,
    source: "",
    origin: `scrape:${scrape.instance}`,
    maxBytes,
  };
}

function toStored({ profileId, sampleTypes }: ProfileReceipt): StoredProfile {
  return { profileId, totals: new Map(sampleTypes.map(({ total, type }) => [type, total])) };
}
