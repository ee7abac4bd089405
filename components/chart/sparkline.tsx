import { cn } from "@/components/ui/cn";

interface SparklineProps {
  /** One number per step, oldest first. */
  values: readonly number[];
  /** Says in words what the bars show. */
  label: string;
  /** Gives the size; the bars fill it. Default 120 x 20 px. */
  className?: string;
}

/** The drawing’s own units. */
const WIDTH = 120;
const HEIGHT = 20;

/** Bars, because counts per step are not a curve. Steps without anything leave a hairline: zero is a measurement too. */
export function Sparkline({ values, label, className }: SparklineProps) {
  const highest = Math.max(1, ...values);
  const slot = WIDTH / Math.max(1, values.length);
  const gap = slot >= 3 ? 1 : slot * 0.25;
  const bars = values
    .map((value, index) => {
      const tall = value === 0 ? 0 : Math.max(1, (value / highest) * HEIGHT);
      return `M${(index * slot).toFixed(2)} ${HEIGHT}v${(-tall).toFixed(2)}h${(slot - gap).toFixed(2)}v${tall.toFixed(2)}z`;
    })
    .join("");
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      className={cn("block h-5 w-30", className)}
    >
      <title>{label}</title>
      <rect y={HEIGHT - 0.5} width={WIDTH} height={0.5} fill="var(--line-strong)" />
      <path d={bars} fill="currentColor" />
    </svg>
  );
}
