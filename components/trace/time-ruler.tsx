import { formatDuration } from "@/lib/format";

/** Round steps whose labels stay short: 1, 2 or 5 times a power of ten, about `wanted` of them. */
export function rulerTicks(durationNs: number, wanted: number): number[] {
  if (durationNs <= 0) return [0];
  const rough = durationNs / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.floor(durationNs / step) + 1 }, (_, index) => index * step);
}

const percent = (part: number, whole: number) => `${(100 * part) / whole}%`;

/** The time axis above the bars. A label that would leave the axis on the right is not drawn. */
export function TimeRuler({ durationNs, wanted }: { durationNs: number; wanted: number }) {
  return (
    <div aria-hidden className="relative h-full text-xs text-subtle tabular-nums">
      {rulerTicks(durationNs, wanted).map((tick) => (
        <span
          key={tick}
          className="absolute inset-y-0 border-l border-line"
          style={{ left: percent(tick, durationNs) }}
        >
          {tick / durationNs < 0.94 && (
            <span className="pl-1 leading-7 whitespace-nowrap">
              {tick === 0 ? "0" : formatDuration(tick)}
            </span>
          )}
        </span>
      ))}
    </div>
  );
}

/** The same ticks as hairlines behind the rows. */
export function TimeGrid({ durationNs, wanted }: { durationNs: number; wanted: number }) {
  return (
    <>
      {rulerTicks(durationNs, wanted)
        .slice(1)
        .map((tick) => (
          <span
            key={tick}
            aria-hidden
            className="absolute inset-y-0 border-l border-line/60"
            style={{ left: percent(tick, durationNs) }}
          />
        ))}
    </>
  );
}
