import type { ReactNode } from "react";
import { cn } from "./cn";

interface EmptyStateProps {
  /** h1 where it is all that the page has; default h2 */
  heading?: "h1" | "h2";
  title: string;
  /** What to do next, in a sentence or two. */
  children?: ReactNode;
  /** Buttons or links that do it. */
  actions?: ReactNode;
  className?: string;
}

export function EmptyState({
  heading: Heading = "h2",
  title,
  children,
  actions,
  className,
}: EmptyStateProps) {
  return (
    <div className={cn("mx-auto flex max-w-xl flex-col items-center px-6 py-12 text-center", className)}>
      <Heading className="text-balance font-medium text-md">{title}</Heading>
      {children !== undefined && <div className="mt-1 text-balance text-muted">{children}</div>}
      {actions !== undefined && <div className="mt-4 flex flex-wrap justify-center gap-2">{actions}</div>}
    </div>
  );
}
