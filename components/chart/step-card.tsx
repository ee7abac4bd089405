import { ColourDot } from "@/components/ui/service-dot";
import type { StackedBands } from "./stacked-bands";

interface StepCardProps {
  stacked: StackedBands;
  step: number;
  title: string;
  colourOf: (key: string) => string;
  nameOf: (key: string) => string;
  formatRate: (rate: number) => string;
  style: { left: number } | { right: number };
}

/** What a step of the chart holds, largest band on top as drawn. The legend has it for those who cannot point. */
export function StepCard({ stacked, step, title, colourOf, nameOf, formatRate, style }: StepCardProps) {
  const rows = stacked.bands
    .map(({ key, edges }) => ({ key, rate: (edges[step]?.[1] ?? 0) - (edges[step]?.[0] ?? 0) }))
    .filter(({ rate }) => rate > 0)
    .reverse();
  return (
    <div
      aria-hidden
      style={style}
      className="pointer-events-none absolute top-2 z-10 min-w-40 max-w-80 rounded-md border border-line-strong bg-raised px-2 py-1.5 text-sm shadow-popover"
    >
      <div className="mb-0.5 text-muted tabular-nums">{title}</div>
      {rows.map(({ key, rate }) => (
        <div key={key} className="flex items-center gap-2">
          <ColourDot colour={colourOf(key)} />
          <span className="min-w-0 flex-1 truncate">{nameOf(key)}</span>
          <span className="num">{formatRate(rate)}</span>
        </div>
      ))}
      {rows.length === 0 && <span className="text-subtle">No samples</span>}
    </div>
  );
}
