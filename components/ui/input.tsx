import type { ComponentProps, ReactNode } from "react";
import { cn } from "./cn";

interface InputProps extends Omit<ComponentProps<"input">, "size"> {
  /** A 14-px icon at the start. */
  icon?: ReactNode;
  /** Stays at the end: a unit, a clear button. */
  after?: ReactNode;
}

/** A text field. Give it a `<label>` or an `aria-label`; `aria-invalid` colours the border. */
export function Input({ className, icon, after, ...props }: InputProps) {
  return (
    <span
      className={cn(
        "flex h-7 min-w-0 items-center gap-1.5 rounded-md border border-line-strong bg-surface px-2 text-sm focus-within:outline-2 focus-within:outline-focus focus-within:outline-offset-1 has-aria-invalid:border-danger has-disabled:opacity-50 [&>svg]:size-3.5 [&>svg]:shrink-0 [&>svg]:text-subtle",
        className,
      )}
    >
      {icon}
      <input
        className="h-full w-full min-w-0 bg-transparent text-ink outline-none placeholder:text-subtle [&::-webkit-search-cancel-button]:hidden"
        {...props}
      />
      {after}
    </span>
  );
}
