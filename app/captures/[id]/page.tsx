import type { Metadata } from "next";
import { CapturePage } from "@/components/captures/capture-page";

export const metadata: Metadata = { title: "Capture" };

interface PageProps {
  readonly params: Promise<{ readonly id: string }>;
}

export default async function Page({ params }: PageProps) {
  return <CapturePage id={(await params).id} />;
}
