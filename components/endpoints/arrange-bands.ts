import {
  type BandInput,
  buildStackedBands,
  foldSmallSeries,
  type StackedBands,
} from "@/components/chart/stacked-bands";
import { assignColours, CATEGORY_COUNT, REST_COLOUR } from "@/components/ui/palette";
import type { EndpointsResponse, SeriesResponse } from "@/lib/api/contract";
import { UNATTRIBUTED } from "@/lib/correlation/selector";

/** What the series that are too small for a colour of their own are added up under. */
export const OTHERS = "other endpoints";

export interface ArrangedBands {
  /** null until the series are there. */
  readonly stacked: StackedBands | null;
  readonly unit: string;
  readonly stepNs: number;
  /** The colour of an endpoint in chart, legend and table. */
  readonly colourOf: (endpoint: string) => string;
}

/**
 * The largest endpoints get a colour each, the same whatever is ticked, so that ticking does not repaint the table.
 * The chart has the ticked ones only, the largest at the ground, what no endpoint paid for on top.
 */
export function arrangeBands(
  answer: SeriesResponse | undefined,
  table: EndpointsResponse | undefined,
  selected: ReadonlySet<string>,
  range: { fromNs: bigint; toNs: bigint },
): ArrangedBands {
  const largest = (table?.endpoints ?? []).toSorted((a, b) => b.cpuNs - a.cpuNs || b.requests - a.requests);
  const colours = assignColours(largest.slice(0, CATEGORY_COUNT).map(({ endpoint }) => endpoint));
  const colourOf = (endpoint: string) => colours.get(endpoint) ?? REST_COLOUR;
  if (answer === undefined) return { stacked: null, unit: "nanoseconds", stepNs: 0, colourOf };

  const shown = answer.series
    .map((one): BandInput => ({ key: one.key === "" ? UNATTRIBUTED : one.key, points: one.points }))
    .filter(({ key }) => selected.size === 0 || selected.has(key));
  const named = shown.filter(({ key }) => key !== UNATTRIBUTED);
  const unattributed = shown.filter(({ key }) => key === UNATTRIBUTED);
  const stacked = buildStackedBands([...foldSmallSeries(named, CATEGORY_COUNT, OTHERS), ...unattributed], {
    ...range,
    stepNs: answer.stepNs,
  });
  return { stacked, unit: answer.unit, stepNs: answer.stepNs, colourOf };
}
