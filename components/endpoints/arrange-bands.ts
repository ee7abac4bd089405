import { buildStackedBands, foldSmallSeries, type StackedBands } from "@/components/chart/stacked-bands";
import { assignColours, CATEGORY_COUNT, REST_COLOUR } from "@/components/ui/palette";
import type { EndpointsResponse, SeriesResponse } from "@/lib/api/contract";
import { UNATTRIBUTED } from "@/lib/correlation/selector";

/** What series too small for a colour of their own are added up under; the API calls its own rest so too. */
const OTHERS = "(other)";

/** How an endpoint is called on the page. */
export function formatEndpoint(key: string): string {
  if (key === UNATTRIBUTED) return "Unattributed";
  return key === OTHERS ? "Other endpoints" : key;
}

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
 * In the chart the largest stands at the ground, what no endpoint paid for on top.
 */
export function arrangeBands(
  answer: SeriesResponse | undefined,
  table: EndpointsResponse | undefined,
  range: { fromNs: bigint; toNs: bigint },
): ArrangedBands {
  const largest = (table?.endpoints ?? []).toSorted((a, b) => b.cpuNs - a.cpuNs || b.requests - a.requests);
  const colours = assignColours(largest.slice(0, CATEGORY_COUNT).map(({ endpoint }) => endpoint));
  const colourOf = (endpoint: string) => colours.get(endpoint) ?? REST_COLOUR;
  if (answer === undefined) return { stacked: null, unit: "nanoseconds", stepNs: 0, colourOf };

  const named = answer.series.filter(({ key }) => key !== UNATTRIBUTED);
  const unattributed = answer.series.filter(({ key }) => key === UNATTRIBUTED);
  const stacked = buildStackedBands([...foldSmallSeries(named, CATEGORY_COUNT, OTHERS), ...unattributed], {
    ...range,
    stepNs: answer.stepNs,
  });
  return { stacked, unit: answer.unit, stepNs: answer.stepNs, colourOf };
}
