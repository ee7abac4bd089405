import type { ReactNode } from "react";
import { cn } from "./cn";

interface EmptyStateProps {
  /** h1 where it is all that the page has; default h2 */
  heading?: "h1" | "h2";
  title: string;
  /** One small thing before the title: a badge. */
  above?: ReactNode;
  /** What to do next, in a sentence or two. */
  children?: ReactNode;
  /** Buttons or links that do it. */
  actions?: ReactNode;
  className?: string;
}

export function EmptyState({
  heading: Heading = "h2",
  title,
  above,
  children,
  actions,
  className,
}: EmptyStateProps) {
  return (
    <div className={cn("mx-auto flex max-w-xl flex-col items-center px-6 py-12 text-center", className)}>
      {above && <div className="mb-2 flex">{above}</div>}
      <Heading className="text-balance font-medium text-md">{title}</Heading>
      {children !== undefined && <div className="mt-1 text-balance text-muted">{children}</div>}
      {actions && <div className="mt-4 flex flex-wrap justify-center gap-2">{actions}</div>}
    </div>
  );
}
