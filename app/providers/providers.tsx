"use client";
import { QueryClientProvider } from "@tanstack/react-query";
import { ThemeProvider } from "next-themes";
import { NuqsAdapter } from "nuqs/adapters/next/app";
import { type ReactNode, useState } from "react";
import { createQueryClient } from "@/components/data/query-client";
import { TimeRangeProvider } from "@/components/shell/use-time-range";
import { TooltipProvider } from "@/components/ui/tooltip";

interface ProvidersProps {
  /** Of the page's Content-Security-Policy, for the script that sets the theme before the first paint. */
  nonce: string | undefined;
  children: ReactNode;
}

export function Providers({ nonce, children }: ProvidersProps) {
  const [client] = useState(createQueryClient);
  return (
    <ThemeProvider
      attribute="class"
      defaultTheme="system"
      enableSystem
      disableTransitionOnChange
      {...(nonce === undefined ? {} : { nonce })}
    >
      <QueryClientProvider client={client}>
        <NuqsAdapter>
          <TooltipProvider delayDuration={300} skipDelayDuration={150}>
            <TimeRangeProvider>{children}</TimeRangeProvider>
          </TooltipProvider>
        </NuqsAdapter>
      </QueryClientProvider>
    </ThemeProvider>
  );
}
