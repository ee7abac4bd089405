import type { Metadata, Viewport } from "next";
import { headers } from "next/headers";
import type { ReactNode } from "react";
import { Shell } from "@/components/shell/shell";
import { findSampleDataState } from "@/lib/store/remove-sample-data";
import { Providers } from "./providers/providers";
import "./globals.css";

export const metadata: Metadata = {
  title: { default: "Hotspan", template: "%s · Hotspan" },
  description: "From a slow request to the guilty line of code.",
};

export const viewport: Viewport = {
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#fdfcfb" },
    { media: "(prefers-color-scheme: dark)", color: "#1a1816" },
  ],
};

/** The first HTML already shows the range, filters and selection of the URL, so no page is rendered ahead of its request. */
export const dynamic = "force-dynamic";

export default async function RootLayout({ children }: { children: ReactNode }) {
  const sampleData = await findSampleDataState().then(
    (state) => ({ state }),
    () => undefined, // the catalogue is away: the page says so by itself, and asks again
  );
  const nonce = (await headers()).get("x-nonce") ?? undefined; // proxy.ts
  return (
    <html lang="en" suppressHydrationWarning>
      <body>
        <Providers nonce={nonce}>
          <Shell sampleData={sampleData}>{children}</Shell>
        </Providers>
      </body>
    </html>
  );
}
