"use client";
import { Check, Minus } from "lucide-react";
import { Checkbox as Radix } from "radix-ui";
import type { ComponentProps } from "react";
import { cn } from "./cn";

type CheckboxProps = ComponentProps<typeof Radix.Root> & { "aria-label"?: string };

/** `checked="indeterminate"` draws a dash. Give it an `aria-label` or wrap it in a `<label>`. */
export function Checkbox({ className, ...props }: CheckboxProps) {
  return (
    <Radix.Root
      className={cn(
        "group relative flex size-3.5 shrink-0 items-center justify-center rounded-sm border border-control bg-surface text-canvas transition-colors after:absolute after:-inset-1.5 data-[state=checked]:border-ink data-[state=indeterminate]:border-ink data-[state=checked]:bg-ink data-[state=indeterminate]:bg-ink disabled:opacity-50",
        className,
      )}
      {...props}
    >
      <Radix.Indicator>
        <Check aria-hidden className="hidden size-2.5 stroke-[3.5] group-data-[state=checked]:block" />
        <Minus aria-hidden className="hidden size-2.5 stroke-[3.5] group-data-[state=indeterminate]:block" />
      </Radix.Indicator>
    </Radix.Root>
  );
}
