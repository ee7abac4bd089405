"use client";
import { Search, X } from "lucide-react";
import type { RefObject } from "react";
import { cn } from "@/components/ui/cn";
import { Input } from "@/components/ui/input";
import { Kbd } from "@/components/ui/kbd";
import { formatCounted, formatPercent, formatValue } from "@/lib/format";

interface FlameSearchProps {
  input: RefObject<HTMLInputElement | null>;
  query: string;
  onChange: (query: string) => void;
  onLeave: () => void;
}

export function FlameSearch({ input, query, onChange, onLeave }: FlameSearchProps) {
  return (
    <Input
      ref={input}
      type="search"
      aria-label="Search functions"
      placeholder="Search functions"
      spellCheck={false}
      autoComplete="off"
      value={query}
      className="w-52 shrink-0 max-sm:order-last max-sm:w-full"
      icon={<Search aria-hidden />}
      after={
        query === "" ? (
          <Kbd>/</Kbd>
        ) : (
          <button
            type="button"
            aria-label="Clear search"
            className="rounded-sm text-muted hover:text-ink"
            onClick={() => onChange("")}
          >
            <X aria-hidden className="size-3.5" />
          </button>
        )
      }
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={(event) => {
        if (event.key !== "Escape" && event.key !== "Enter") return;
        event.preventDefault();
        event.stopPropagation();
        if (event.key === "Escape" && query !== "") onChange("");
        else onLeave();
      }}
    />
  );
}

interface MatchedProps {
  matched: { total: number; sampleCount: number } | null;
  unit: string;
  whole: number;
  drawn: number;
  pending: boolean;
}

/** Exact over all samples, each counted once however often its stack matches; the frames are those on the screen. */
export function Matched({ matched, unit, whole, drawn, pending }: MatchedProps) {
  const text =
    matched === null
      ? "Counting …"
      : matched.total === 0 && matched.sampleCount === 0
        ? "No function matches"
        : `${formatValue(matched.total, unit)} · ${formatPercent(whole === 0 ? 0 : matched.total / whole)} of all matched`;
  return (
    <p
      role="status"
      className={cn("min-w-0 truncate text-sm max-sm:order-last max-sm:w-full", pending && "text-muted")}
    >
      <span
        className="inline-block size-2.5 rounded-[2px] align-[-1px] [background:var(--flame-match)]"
        aria-hidden
      />{" "}
      <span className="font-medium tabular-nums">{text}</span>
      {matched !== null && matched.sampleCount > 0 && (
        <span className="@max-2xl:hidden text-muted">
          {" "}
          in {formatCounted(matched.sampleCount, "sample")},{" "}
          {drawn === 0 ? "no" : drawn.toLocaleString("en-US")} drawn {drawn === 1 ? "frame" : "frames"}
        </span>
      )}
    </p>
  );
}
