"use client";
import { useServiceColour } from "@/components/data/use-services";
import { cn } from "./cn";

export function ColourDot({ colour, className }: { colour: string; className?: string }) {
  return (
    <span
      aria-hidden
      className={cn("inline-block size-2 shrink-0 rounded-[2px]", className)}
      style={{ background: colour }}
    />
  );
}

/** A service's name behind its colour. */
export function ServiceName({ name, className }: { name: string; className?: string }) {
  const colour = useServiceColour();
  return (
    <span className={cn("inline-flex min-w-0 items-center gap-2", className)}>
      <ColourDot colour={colour(name)} />
      <span className="truncate" title={name}>
        {name}
      </span>
    </span>
  );
}
