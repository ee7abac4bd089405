import type { ReactNode } from "react";
import { cn } from "./cn";

interface BannerProps {
  tone?: "neutral" | "danger";
  icon?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  /** Name of the region for screen readers. */
  label: string;
}

/** One line under the top bar about the whole installation. */
export function Banner({ tone = "neutral", icon, actions, children, label }: BannerProps) {
  return (
    <section
      aria-label={label}
      role={tone === "danger" ? "alert" : undefined}
      className={cn(
        "flex min-h-9 flex-wrap items-center gap-x-3 gap-y-1 border-b px-4 py-1 text-sm max-sm:px-3 [&>svg]:size-3.5 [&>svg]:shrink-0",
        tone === "danger"
          ? "border-danger/30 bg-danger-soft text-danger-ink"
          : "border-line bg-sunken text-muted",
      )}
    >
      {icon}
      <p className="min-w-0 flex-1 basis-52">{children}</p>
      {actions}
    </section>
  );
}
