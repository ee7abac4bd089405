import { formatDuration } from "@/lib/format";

/** What a label such as `500 ms` takes, in px, and the room from one to the next. */
const LABEL_WIDTH = 46;
const TICK_ROOM = 90;
const MAX_TICKS = 7;

/**
 * Round steps whose labels stay short, 1, 2 or 5 times a power of ten, as many as the axis has room for.
 * @param width of the axis in px
 */
export function rulerTicks(durationNs: number, width: number): number[] {
  if (durationNs <= 0 || width <= 0) return [0];
  const rough = durationNs / Math.min(MAX_TICKS, Math.max(1, width / TICK_ROOM));
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.floor(durationNs / step) + 1 }, (_, index) => index * step);
}

const percent = (part: number, whole: number) => `${(100 * part) / whole}%`;

/** The time axis above the bars. A label that would leave the axis on the right is not drawn. */
export function TimeRuler({ durationNs, width }: { durationNs: number; width: number }) {
  return (
    <div aria-hidden className="relative h-full text-xs text-subtle tabular-nums">
      {rulerTicks(durationNs, width).map((tick) => (
        <span
          key={tick}
          className="absolute inset-y-0 border-l border-line"
          style={{ left: percent(tick, durationNs) }}
        >
          {(tick === 0 || (1 - tick / durationNs) * width >= LABEL_WIDTH) && (
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
export function TimeGrid({ durationNs, width }: { durationNs: number; width: number }) {
  return (
    <>
      {rulerTicks(durationNs, width)
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
