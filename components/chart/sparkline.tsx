import { cn } from "@/components/ui/cn";

interface SparklineProps {
  /** One number per step, oldest first. */
  values: readonly number[];
  /** Says in words what the bars show. */
  label: string;
  width?: number;
  height?: number;
  className?: string;
}

/** Bars, because counts per step are not a curve. Steps without anything leave a hairline: zero is a measurement too. */
export function Sparkline({ values, label, width = 120, height = 20, className }: SparklineProps) {
  const highest = Math.max(1, ...values);
  const slot = width / Math.max(1, values.length);
  const gap = slot >= 3 ? 1 : slot * 0.25;
  const bars = values
    .map((value, index) => {
      const tall = value === 0 ? 0 : Math.max(1, (value / highest) * height);
      return `M${(index * slot).toFixed(2)} ${height}v${(-tall).toFixed(2)}h${(slot - gap).toFixed(2)}v${tall.toFixed(2)}z`;
    })
    .join("");
  return (
    <svg role="img" aria-label={label} width={width} height={height} className={cn("block", className)}>
      <title>{label}</title>
      <rect y={height - 0.5} width={width} height={0.5} fill="var(--line-strong)" />
      <path d={bars} fill="currentColor" />
    </svg>
  );
}
