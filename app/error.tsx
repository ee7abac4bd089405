"use client";
import { ErrorState } from "@/components/ui/error-state";

/** A fault of a page's own code. What the API refuses is shown by the page itself. */
export default function PageError({ error, reset }: { error: Error; reset: () => void }) {
  return <ErrorState title="This page failed to draw" error={error} onRetry={reset} />;
}
