"use client";
import { type Query, useIsFetching } from "@tanstack/react-query";
import { Clock, RotateCw } from "lucide-react";
import { usePathname } from "next/navigation";
import { type FormEvent, useId, useState } from "react";
import { Button } from "@/components/ui/button";
import { cn } from "@/components/ui/cn";
import { IconButton } from "@/components/ui/icon-button";
import { Input } from "@/components/ui/input";
import { Popover, PopoverContent, PopoverTrigger } from "@/components/ui/popover";
import { useOnClient } from "@/components/ui/use-on-client";
import { formatRange, RELATIVE_RANGES } from "./time-range";
import { type TimeRange, useTimeRange } from "./use-time-range";

/** The range of everything on the page, and a button that asks again. One trace, profile or capture has its own time, and settings have none: there the button is all. */
export function TimeRangePicker() {
  const range = useTimeRange();
  const refreshing = useIsFetching({ queryKey: ["api"], predicate: isOfPage }) > 0;
  const ranged = !/^\/(traces\/|profiles\/|captures\/|settings)/.test(usePathname());
  return (
    <div className="flex items-center">
      {ranged && <RangePopover range={range} />}
      <IconButton
        label="Refresh"
        variant="outline"
        className={cn("text-muted", ranged && "-ml-px rounded-l-none")}
        onClick={range.refresh}
      >
        <RotateCw aria-hidden className={cn("size-3.5!", refreshing && "animate-spin")} />
      </IconButton>
    </div>
  );
}

function RangePopover({ range }: { range: TimeRange }) {
  const [open, setOpen] = useState(false);
  // An absolute range is told in local time, which the server does not know.
  const onClient = useOnClient();
  const label = onClient || range.tokens.from.startsWith("now") ? formatRange(range.tokens) : "Time range";
  return (
    <Popover open={open} onOpenChange={setOpen}>
      <PopoverTrigger asChild>
        <Button
          aria-label={`Time range: ${label}`}
          className="rounded-r-none font-normal tabular-nums max-sm:max-w-36"
        >
          <Clock aria-hidden className="text-subtle" />
          <span className="truncate">{label}</span>
        </Button>
      </PopoverTrigger>
      <PopoverContent align="end" className="w-72 p-1">
        <ul aria-label="Relative ranges">
          {RELATIVE_RANGES.map((option) => {
            const current = range.tokens.from === option.from && range.tokens.to === "now";
            return (
              <li key={option.from}>
                <button
                  type="button"
                  aria-current={current || undefined}
                  onClick={() => {
                    range.setRange({ from: option.from, to: "now" });
                    setOpen(false);
                  }}
                  className={cn(
                    "flex h-7 w-full items-center justify-between rounded-md px-2 text-left text-sm hover:bg-hover",
                    current && "bg-hover font-medium",
                  )}
                >
                  {option.label}
                  <span className="font-normal text-subtle text-xs">{option.short}</span>
                </button>
              </li>
            );
          })}
        </ul>
        <AbsoluteRange range={range} close={() => setOpen(false)} />
      </PopoverContent>
    </Popover>
  );
}

/** The shell asks for the state of the sample data by itself; nobody waits for that. */
function isOfPage({ queryKey }: Query): boolean {
  return queryKey[1] !== "/api/v1/sample-data";
}

function AbsoluteRange({ range, close }: { range: TimeRange; close: () => void }) {
  const id = useId();
  const [from, setFrom] = useState(() => toLocalInput(range.fromNs));
  const [to, setTo] = useState(() => toLocalInput(range.toNs));
  const start = Date.parse(from);
  const end = Date.parse(to);
  const valid = start < end;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!valid) return;
    range.setRange({ from: new Date(start).toISOString(), to: new Date(end).toISOString() });
    close();
  };
  return (
    <form onSubmit={submit} aria-label="Absolute range" className="mt-1 grid gap-2 border-line border-t p-2">
      <label htmlFor={`${id}-From`} className="grid grid-cols-[3rem_1fr] items-center text-muted text-sm">
        From
        <Input
          id={`${id}-From`}
          type="datetime-local"
          step={1}
          value={from}
          aria-invalid={!valid || undefined}
          onChange={(event) => setFrom(event.target.value)}
        />
      </label>
      <label htmlFor={`${id}-To`} className="grid grid-cols-[3rem_1fr] items-center text-muted text-sm">
        To
        <Input
          id={`${id}-To`}
          type="datetime-local"
          step={1}
          value={to}
          aria-invalid={!valid || undefined}
          onChange={(event) => setTo(event.target.value)}
        />
      </label>
      {!valid && <p className="text-danger-ink text-xs">The range must start before it ends.</p>}
      <Button type="submit" variant="solid" disabled={!valid}>
        Apply
      </Button>
    </form>
  );
}

/** What `<input type="datetime-local" step="1">` takes: local time without an offset. */
function toLocalInput(instant: bigint): string {
  const date = new Date(Number(instant / 1_000_000n));
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
