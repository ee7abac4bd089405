"use client";
import { Popover as Radix } from "radix-ui";
import type { ComponentProps } from "react";
import { cn } from "./cn";

export const Popover = Radix.Root;
export const PopoverTrigger = Radix.Trigger;

export const popoverSurface =
  "z-50 rounded-lg border border-line-strong bg-raised text-ink shadow-popover outline-none animate-[hs-pop_100ms_ease-out]";

export function PopoverContent({
  className,
  align = "start",
  ...props
}: ComponentProps<typeof Radix.Content>) {
  return (
    <Radix.Portal>
      <Radix.Content
        align={align}
        sideOffset={4}
        collisionPadding={8}
        className={cn(
          popoverSurface,
          "max-h-(--radix-popover-content-available-height) overflow-auto p-3",
          className,
        )}
        {...props}
      />
    </Radix.Portal>
  );
}
