import { TriangleAlert } from "lucide-react";
import { cn } from "@/components/ui/cn";
import { Tooltip } from "@/components/ui/tooltip";
import type { FlamegraphResponse } from "@/lib/api/contract";
import { formatValue, formatValueExact } from "@/lib/format";
import type { FlameSelector } from "./flame-selector";
import { describeCertainty, describeSamples, warnOfFewSamples } from "./flame-words";
import { describeMeaning } from "./meaning-words";

const EXPLAINED =
  "cursor-help rounded-sm text-left text-muted underline decoration-dotted decoration-subtle underline-offset-3";

interface FlameSummaryProps {
  answer: FlamegraphResponse;
  selector: FlameSelector;
  /** the answer is still that of the selection before */
  stale: boolean;
}

/** What the graph adds up to, and how far to trust it: total, samples and their rate, how they are tied to the selection. */
export function FlameSummary({ answer, selector, stale }: FlameSummaryProps) {
  const certainty = describeCertainty(answer.certainty, selector);
  const meaning = describeMeaning(answer, Date.now());
  const warning = meaning === null ? warnOfFewSamples(answer.sampleCount) : null; // records of a state are no samples of time
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
      {meaning === null ? (
        <span className="text-muted">{describeSamples(answer.sampleCount, answer.sampleRateHz)}</span>
      ) : (
        <Tooltip content={meaning.long}>
          <button type="button" className={EXPLAINED} data-testid="flame-meaning">
            {meaning.short}
          </button>
        </Tooltip>
      )}
      <span aria-hidden className="text-subtle max-sm:hidden">
        ·
      </span>
      <Tooltip content={certainty.long}>
        <button type="button" className={EXPLAINED}>
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
