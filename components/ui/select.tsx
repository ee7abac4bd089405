"use client";
import { Check, ChevronDown } from "lucide-react";
import { Select as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { buttonVariants } from "./button";
import { cn } from "./cn";
import { popoverSurface } from "./popover";

export interface SelectOption<T extends string> {
  value: T;
  label: ReactNode;
  /** Second line, in small print. */
  hint?: string;
}

interface SelectProps<T extends string> {
  /** Accessible name. */
  label: string;
  value: T;
  options: readonly SelectOption<T>[];
  onChange: (value: T) => void;
  /** Before the value, muted: `Type cpu`. */
  prefix?: string;
  className?: string;
}

/** One of a few fixed choices. For many or typed ones take `Combobox`. */
export function Select<T extends string>({
  label,
  value,
  options,
  onChange,
  prefix,
  className,
}: SelectProps<T>) {
  const change = (next: string) => {
    const option = options.find((candidate) => candidate.value === next);
    if (option !== undefined) onChange(option.value);
  };
  return (
    <Radix.Root value={value} onValueChange={change}>
      <Radix.Trigger
        aria-label={label}
        className={cn(buttonVariants(), "justify-between font-normal", className)}
      >
        <span className="flex min-w-0 items-center gap-1.5">
          {prefix !== undefined && <span className="text-subtle">{prefix}</span>}
          <span className="truncate">
            <Radix.Value>{options.find((option) => option.value === value)?.label ?? value}</Radix.Value>
          </span>
        </span>
        <ChevronDown aria-hidden className="text-subtle" />
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          position="popper"
          sideOffset={4}
          collisionPadding={8}
          className={cn(popoverSurface, "min-w-(--radix-select-trigger-width) p-1")}
        >
          <Radix.Viewport>
            {options.map((option) => (
              <Radix.Item
                key={option.value}
                value={option.value}
                className="relative flex select-none flex-col rounded-md py-1 pr-3 pl-7 text-sm outline-none data-highlighted:bg-hover"
              >
                <Radix.ItemIndicator className="absolute top-1.5 left-2">
                  <Check aria-hidden className="size-3.5" />
                </Radix.ItemIndicator>
                <Radix.ItemText>{option.label}</Radix.ItemText>
                {option.hint !== undefined && <span className="text-subtle text-xs">{option.hint}</span>}
              </Radix.Item>
            ))}
          </Radix.Viewport>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
