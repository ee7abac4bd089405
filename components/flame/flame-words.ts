import type { FlamegraphResponse } from "@/lib/api/contract";
import { formatCountExact } from "@/lib/format";
import type { FlameSelector } from "./flame-selector";

type Certainty = FlamegraphResponse["certainty"];

/** Below this many samples one sample is more than 1 % of the width, and a share is off by 10 % of itself or more. */
export const FEW_SAMPLES = 100;

/** @returns `9 samples at 100 Hz` */
export function describeSamples(count: number, rateHz: number | null): string {
  const samples = `${formatCountExact(count)} ${count === 1 ? "sample" : "samples"}`;
  return rateHz === null ? samples : `${samples} at ${Number(rateHz.toPrecision(3))} Hz`;
}

/** @returns how the samples are tied to what was asked for, and what that means */
export function describeCertainty(
  certainty: Certainty,
  selector: FlameSelector,
): { short: string; long: string } {
  switch (certainty) {
    case "span-label":
      return {
        short: labelledWith(selector),
        long: "Every sample carries the id of the span that was running: nothing of other requests is in here.",
      };
    case "trace-label":
      return {
        short: "labelled with this trace",
        long: "Every sample carries this trace's id: nothing of other requests is in here.",
      };
    case "process-capture":
      return {
        short: "whole process while this trace ran, captured for it",
        long: "The profile was taken because of this trace, but holds all that the process did meanwhile.",
      };
    case "process-time":
      return {
        short: "whole process while this trace ran",
        long: "The samples carry no trace id: this is all that the process did at that time, other requests included.",
      };
    case "range":
      if (selector.profile !== undefined) {
        return { short: "this profile alone", long: "All samples of one received profile." };
      }
      return {
        short:
          (selector.endpoint?.length ?? 0) > 0
            ? "labelled with the chosen endpoints"
            : "all requests of the time range",
        long: "All samples of the time range that match the filters.",
      };
  }
}

function labelledWith(selector: FlameSelector): string {
  if (selector.span_id === undefined) return "labelled with this trace's spans";
  return selector.scope === "subtree" ? "labelled with this span or one below it" : "labelled with this span";
}

/** @returns what shares are worth, null when there are samples enough */
export function warnOfFewSamples(count: number): string | null {
  if (count === 0 || count >= FEW_SAMPLES) return null;
  if (count === 1) return "One sample shows a place, not a share.";
  return `Shares are rough: one sample is ${Math.round(100 / count)} % of the width.`;
}
