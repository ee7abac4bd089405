import type { Metadata } from "next";
import { CollectorPage } from "@/components/settings/collector-page";

export const metadata: Metadata = { title: "Collector" };

export default function Page() {
  return <CollectorPage />;
}
