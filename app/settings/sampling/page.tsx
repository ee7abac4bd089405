import type { Metadata } from "next";
import { SamplingPage } from "@/components/settings/sampling-page";

export const metadata: Metadata = { title: "Sampling" };

export default function Page() {
  return <SamplingPage />;
}
