import { cva, type VariantProps } from "class-variance-authority";
import { Slot } from "radix-ui";
import type { ComponentProps } from "react";
import { cn } from "./cn";

export const buttonVariants = cva(
  "inline-flex shrink-0 select-none items-center justify-center gap-1.5 whitespace-nowrap rounded-md border font-medium transition-colors duration-100 disabled:opacity-50 aria-disabled:opacity-50 [&_svg]:size-3.5 [&_svg]:shrink-0",
  {
    variants: {
      variant: {
        outline: "border-line-strong bg-surface text-ink hover:bg-hover data-[state=open]:bg-hover",
        solid: "border-transparent bg-ink text-canvas hover:bg-ink/85",
        ghost: "border-transparent text-muted hover:bg-hover hover:text-ink data-[state=open]:bg-hover",
        danger: "border-danger/40 bg-surface text-danger-ink hover:bg-danger-soft",
      },
      size: {
        sm: "h-6 px-2 text-sm",
        md: "h-7 px-2.5 text-sm",
        lg: "h-8 px-3 text-base",
      },
    },
    defaultVariants: { variant: "outline", size: "md" },
  },
);

export interface ButtonProps extends ComponentProps<"button">, VariantProps<typeof buttonVariants> {
  /** Renders the only child (a link) in the looks of a button. */
  asChild?: boolean;
}

export function Button({ className, variant, size, asChild = false, type, ...props }: ButtonProps) {
  const classes = cn(buttonVariants({ variant, size }), className);
  if (asChild) return <Slot.Root className={classes} {...props} />;
  return <button type={type ?? "button"} className={classes} {...props} />;
}
