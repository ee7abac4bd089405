import Link from "next/link";
import type { ReactNode } from "react";
import type { SampleDataResponse } from "@/lib/api/contract";
import { HealthBanner } from "./health-banner";
import { LogoMark } from "./logo";
import { Nav } from "./nav";
import { SampleDataBanner } from "./sample-data-banner";
import { ThemeToggle } from "./theme-toggle";
import { TimeRangePicker } from "./time-range-picker";

interface ShellProps {
  /** undefined: not known when the page was rendered. */
  sampleData: SampleDataResponse | undefined;
  children: ReactNode;
}

/** Top bar, messages about the whole installation, and the page. */
export function Shell({ sampleData, children }: ShellProps) {
  return (
    <>
      <a
        href="#main"
        className="sr-only rounded-md bg-raised px-3 py-1 focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50"
      >
        Skip to content
      </a>
      <header className="sticky top-0 z-30 border-line border-b bg-surface">
        <div className="flex h-11 items-stretch gap-x-4 px-4 max-sm:h-auto max-sm:flex-wrap max-sm:gap-x-2 max-sm:px-3">
          <Link href="/" className="flex h-11 items-center gap-2 font-semibold text-md tracking-[-0.015em]">
            <LogoMark className="size-4" />
            Hotspan
          </Link>
          <Nav className="max-sm:order-last max-sm:-mx-2.5 max-sm:h-9 max-sm:w-full" />
          <div className="ml-auto flex h-11 items-center gap-1">
            <TimeRangePicker />
            <ThemeToggle />
          </div>
        </div>
      </header>
      <HealthBanner />
      <SampleDataBanner initial={sampleData} />
      <main id="main" tabIndex={-1} className="px-4 py-4 outline-none max-sm:px-3">
        {children}
      </main>
    </>
  );
}
