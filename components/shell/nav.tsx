"use client";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { cn } from "@/components/ui/cn";
import { useRangeLink } from "./use-time-range";

const PAGES = [
  { path: "/", label: "Services" },
  { path: "/traces", label: "Traces" },
  { path: "/endpoints", label: "Endpoints" },
  { path: "/profiles", label: "Profiles" },
  { path: "/doctor", label: "Doctor" },
  { path: "/settings", label: "Settings", also: "/captures/" },
] as const;

export function Nav({ className }: { className?: string }) {
  const pathname = usePathname();
  const link = useRangeLink();
  return (
    <nav aria-label="Main" className={className}>
      <ul className="flex h-full items-stretch">
        {PAGES.map(({ label, path, ...page }) => {
          const current =
            path === "/"
              ? pathname === "/"
              : pathname === path ||
                pathname.startsWith(`${path}/`) ||
                ("also" in page && pathname.startsWith(page.also));
          return (
            <li key={path} className="flex">
              <Link
                href={link(path)}
                aria-current={current ? "page" : undefined}
                className={cn(
                  "relative flex items-center px-2.5 text-muted transition-colors hover:text-ink max-sm:px-1.5 max-[22.5rem]:px-[3px] max-[22.5rem]:text-sm",
                  current &&
                    "font-medium text-ink after:absolute after:inset-x-2.5 after:bottom-[-1px] after:h-0.5 after:bg-accent max-sm:after:inset-x-1.5 max-[22.5rem]:after:inset-x-[3px]",
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
