import type { ReactNode } from "react";
import { Button, type ButtonProps } from "./button";
import { cn } from "./cn";
import { Tooltip } from "./tooltip";

const SQUARE = { sm: "size-6", md: "size-7", lg: "size-8" } as const;

export interface IconButtonProps extends Omit<ButtonProps, "children" | "aria-label"> {
  /** Accessible name and tooltip. */
  label: string;
  /** Shown after the label in the tooltip. */
  shortcut?: string;
  children: ReactNode;
}

export function IconButton({
  label,
  shortcut,
  className,
  variant = "ghost",
  size,
  ...props
}: IconButtonProps) {
  return (
    <Tooltip content={label} shortcut={shortcut}>
      <Button
        aria-label={label}
        variant={variant}
        size={size}
        className={cn("px-0 [&_svg]:size-4", SQUARE[size ?? "md"], className)}
        {...props}
      />
    </Tooltip>
  );
}
