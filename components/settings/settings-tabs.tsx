"use client";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useRangeLink } from "@/components/shell/use-time-range";
import { cn } from "@/components/ui/cn";

/** A tab is a page: app/settings/<name>/page.tsx, and a line here. */
const TABS = [
  { path: "/settings", label: "Collector" },
  { path: "/settings/sampling", label: "Sampling" },
  { path: "/settings/health", label: "Health" },
] as const;

export function SettingsTabs() {
  const pathname = usePathname();
  const link = useRangeLink();
  return (
    <nav aria-label="Settings" className="mb-4 border-line border-b">
      <ul className="flex gap-1">
        {TABS.map(({ label, path }) => {
          const current = pathname === path;
          return (
            <li key={path}>
              <Link
                href={link(path)}
                aria-current={current ? "page" : undefined}
                className={cn(
                  "relative flex h-8 items-center px-2.5 text-muted hover:text-ink",
                  current &&
                    "font-medium text-ink after:absolute after:inset-x-2.5 after:bottom-[-1px] after:h-0.5 after:bg-accent",
                )}
              >
                {label}
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
