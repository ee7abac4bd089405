import Link from "next/link";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";

export default function NotFound() {
  return (
    <EmptyState
      heading="h1"
      title="There is no such page"
      actions={
        <>
          <Button asChild variant="solid">
            <Link href="/">Services</Link>
          </Button>
          <Button asChild>
            <Link href="/traces">Traces</Link>
          </Button>
        </>
      }
    >
      The address may be mistyped, or the link may be older than this version.
    </EmptyState>
  );
}
