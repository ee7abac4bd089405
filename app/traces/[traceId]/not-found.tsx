import Link from "next/link";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";

export default function NoTraceId() {
  return (
    <EmptyState
      heading="h1"
      title="This is no trace id"
      actions={
        <Button asChild>
          <Link href="/traces">Traces</Link>
        </Button>
      }
    >
      A trace id is 32 hexadecimal digits: copy it whole, as your logs or the SDK print it.
    </EmptyState>
  );
}
