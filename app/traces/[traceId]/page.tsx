import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { TraceView } from "@/components/trace/trace-view";
import { parseTraceId } from "@/lib/ids";

interface Props {
  readonly params: Promise<{ traceId: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Trace ${(await params).traceId.slice(0, 8)}` };
}

export default async function TracePage({ params }: Props) {
  const traceId = parseTraceId((await params).traceId);
  if (traceId === undefined) notFound();
  return <TraceView traceId={traceId} />;
}
