"use client";
import Link from "next/link";
import { Tooltip } from "@/components/ui/tooltip";

export interface ChartMark {
  readonly id: string;
  /** Unix nanoseconds. */
  readonly atNs: bigint;
  /** What happened then, in a sentence. */
  readonly label: string;
  readonly href: string;
}

interface ChartMarksProps {
  marks: readonly ChartMark[];
  fromNs: bigint;
  toNs: bigint;
  /** Offset of an instant in milliseconds since `fromNs` to px. */
  x: (millis: number) => number;
  top: number;
}

/** Moments of the time axis that lead somewhere: small, above the areas, and reachable by keyboard. */
export function ChartMarks({ fromNs, marks, toNs, top, x }: ChartMarksProps) {
  return marks
    .filter(({ atNs }) => atNs >= fromNs && atNs < toNs)
    .map(({ atNs, href, id, label }) => (
      <Tooltip key={id} content={label} side="top">
        <Link
          href={href}
          prefetch={false}
          aria-label={label}
          className="group absolute z-5 flex size-4 -translate-x-1/2 items-start justify-center rounded-sm"
          style={{ left: x(Number(atNs - fromNs) / 1e6), top }}
        >
          <svg aria-hidden width="9" height="8" viewBox="0 0 9 8" className="mt-px">
            <path
              d="M0.5 0.5h8L4.5 7.5z"
              strokeLinejoin="round"
              className="fill-surface stroke-ink group-hover:fill-ink group-focus-visible:fill-ink"
            />
          </svg>
        </Link>
      </Tooltip>
    ));
}
