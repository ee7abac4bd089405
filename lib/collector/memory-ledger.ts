/** The ledger of a collector of its own: targets of a file; captures are told to whom the profiles are pushed. */
import type { Capture, Target, TargetInput } from "@/lib/api/targets-contract";
import type { Ledger } from "@/lib/collector/parts";
import { idOfFileTarget } from "@/lib/store/scrape-targets";

/** @param report called with each capture that has ended */
export function createMemoryLedger(
  inputs: readonly TargetInput[],
  report: (capture: Capture) => void,
  log: (line: string) => void,
): Ledger {
  const targets: Target[] = inputs.map((input) => ({
    ...input,
    id: idOfFileTarget(input),
    origin: "file",
    state: null,
  }));
  const resting = new Set<string>();
  return {
    hold: async () => true,
    release: async () => undefined,
    findTargets: async () => targets,
    findRequests: async () => [],
    findLastCaptures: async () => new Map(),
    closeLeftovers: async () => undefined,
    writeState: async (id, { backingOff }) => {
      const target = targets.find((one) => one.id === id);
      if (backingOff === null) resting.delete(id);
      else if (!resting.has(id)) {
        resting.add(id);
        log(`${target?.url} is left alone for a while: ${backingOff.reason}`);
      }
    },
    writeCapture: async (capture) => {
      if (capture.state === "running") log(`Capturing ${capture.service}: ${capture.reason}`);
      else report(capture);
    },
  };
}
