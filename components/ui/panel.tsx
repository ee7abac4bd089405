import type { ComponentProps, ReactNode } from "react";
import { cn } from "./cn";

/** A bordered surface with an optional heading line; the page's unit of layout. */
export function Panel({
  title,
  actions,
  className,
  children,
  ...props
}: Omit<ComponentProps<"section">, "title"> & { title?: ReactNode; actions?: ReactNode }) {
  return (
    <section
      className={cn("min-w-0 overflow-hidden rounded-lg border border-line bg-surface", className)}
      {...props}
    >
      {(title !== undefined || actions !== undefined) && (
        <header className="flex min-h-9 flex-wrap items-center gap-x-3 gap-y-1 border-line border-b px-3 py-1">
          {title !== undefined && <h2 className="mr-auto font-medium">{title}</h2>}
          {actions}
        </header>
      )}
      {children}
    </section>
  );
}

/** The first line of a page: its name, what it shows, and its controls. */
export function PageHeader({
  title,
  summary,
  children,
}: {
  title: ReactNode;
  summary?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <div className="mb-3 flex min-h-8 flex-wrap items-center gap-x-3 gap-y-2">
      <h1 className="font-semibold text-lg tracking-[-0.01em]">{title}</h1>
      {summary !== undefined && <p className="mr-auto text-muted">{summary}</p>}
      {summary === undefined && <span className="mr-auto" />}
      {children}
    </div>
  );
}
