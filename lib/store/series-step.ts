import { invalidInput } from "@/lib/errors";
import { NANOS_PER_SECOND, type Nanos } from "@/lib/units";

export const MAX_POINTS = 500;
const WANTED_POINTS = 120;

const STEPS_SECONDS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 604_800,
  2_592_000, 31_536_000,
];

/**
 * The length of a step for a range of `spanNs`: the smallest round one that gives at most 120 points, never below 10 s,
 * which is the window of most profilers: a window's value belongs to its start, so shorter steps show gaps that are none.
 *
 * @param asked overrules the choice
 * @throws HotspanError `invalid-input` when the asked step gives more than 500 points or is below a second
 */
export function chooseStep(spanNs: Nanos, asked: Nanos | undefined): Nanos {
  if (asked === undefined) {
    const seconds = STEPS_SECONDS.find(
      (step) => step >= 10 && spanNs / NANOS_PER_SECOND / step <= WANTED_POINTS,
    );
    return (seconds ?? 31_536_000) * NANOS_PER_SECOND;
  }
  const least = Math.max(1, Math.ceil(spanNs / (MAX_POINTS - 1) / NANOS_PER_SECOND));
  if (asked < least * NANOS_PER_SECOND) {
    throw invalidInput(
      `Parameter "step" is at least ${least}s for this range: ${MAX_POINTS} points are the most.`,
    );
  }
  return asked;
}
