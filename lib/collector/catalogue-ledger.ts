/** The ledger of a collector that runs beside the store: the catalogue, which the settings page reads and writes too. */
import { randomUUID } from "node:crypto";
import type { Ledger } from "@/lib/collector/parts";
import {
  findLastTriggered,
  findRequestedCaptures,
  interruptCaptures,
  writeCapture,
} from "@/lib/store/captures";
import type { Catalogue } from "@/lib/store/catalogue";
import { holdLease, releaseLease } from "@/lib/store/collector-lease";
import { findTargets, writeTargetState } from "@/lib/store/scrape-targets";

/** After a kill somebody takes over within this. */
const LEASE_MS = 15_000;
const RENEW_MS = 5_000;

/** @param now Unix milliseconds */
export function createCatalogueLedger(catalogue: Catalogue, now: () => number): Ledger {
  const owner = randomUUID();
  let renewedMs = Number.NEGATIVE_INFINITY;
  return {
    hold: async () => {
      const nowMs = now();
      if (nowMs - renewedMs < RENEW_MS && nowMs >= renewedMs) return true;
      const isHeld = await holdLease(catalogue, owner, nowMs, LEASE_MS);
      renewedMs = isHeld ? nowMs : Number.NEGATIVE_INFINITY;
      return isHeld;
    },
    release: () => releaseLease(catalogue, owner),
    findTargets: () => findTargets(catalogue),
    findRequests: () => findRequestedCaptures(catalogue),
    findLastCaptures: () => findLastTriggered(catalogue),
    writeState: (id, state) => writeTargetState(catalogue, id, state),
    writeCapture: (capture) => writeCapture(catalogue, capture),
    closeLeftovers: () => interruptCaptures(catalogue),
  };
}
