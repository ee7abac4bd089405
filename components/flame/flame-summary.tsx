import { TriangleAlert } from "lucide-react";
import { cn } from "@/components/ui/cn";
import { Tooltip } from "@/components/ui/tooltip";
import type { FlamegraphResponse } from "@/lib/api/contract";
import { formatValue, formatValueExact } from "@/lib/format";
import type { FlameSelector } from "./flame-selector";
import { describeCertainty, describeSamples, warnOfFewSamples } from "./flame-words";

interface FlameSummaryProps {
  answer: FlamegraphResponse;
  selector: FlameSelector;
  /** the answer is still that of the selection before */
  stale: boolean;
}

/** What the graph adds up to, and how far to trust it: total, samples and their rate, how they are tied to the selection. */
export function FlameSummary({ answer, selector, stale }: FlameSummaryProps) {
  const certainty = describeCertainty(answer.certainty, selector);
  const warning = warnOfFewSamples(answer.sampleCount);
  return (
    <div
      className={cn("flex min-w-0 flex-wrap items-baseline gap-x-2 gap-y-0.5", stale && "opacity-60")}
      aria-live="polite"
    >
      <span
        className="font-semibold text-md tabular-nums"
        title={formatValueExact(answer.total, answer.unit)}
        data-testid="flame-total"
      >
        {formatValue(answer.total, answer.unit)}
      </span>
      <span className="text-muted">{describeSamples(answer.sampleCount, answer.sampleRateHz)}</span>
      <span aria-hidden className="text-subtle max-sm:hidden">
        ·
      </span>
      <Tooltip content={certainty.long}>
        <button
          type="button"
          className="cursor-help rounded-sm text-left text-muted underline decoration-dotted decoration-subtle underline-offset-3"
        >
          {certainty.short}
        </button>
      </Tooltip>
      {warning !== null && (
        <span className="text-muted">
          <TriangleAlert aria-hidden className="mr-1 inline size-3.5 align-[-2px] text-accent-ink" />
          {warning}
        </span>
      )}
    </div>
  );
}
