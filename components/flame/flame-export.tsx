"use client";
import { Download } from "lucide-react";
import { useEffect, useState } from "react";
import { buildApiUrl } from "@/components/data/fetch-api";
import { Button } from "@/components/ui/button";
import { Popover, PopoverContent, PopoverTrigger } from "@/components/ui/popover";
import { Snippet } from "@/components/ui/snippet";
import { type FlameSelector, selectorParams } from "./flame-selector";

/** Exactly these samples as a pprof file, for those who go on in Go's own tool. */
export function FlameExport({ selector }: { selector: FlameSelector }) {
  const path = buildApiUrl("/api/v1/profiles", { type: "cpu", ...selectorParams(selector) });
  const [origin, setOrigin] = useState("");
  useEffect(() => setOrigin(window.location.origin), []);
  return (
    <Popover>
      <PopoverTrigger asChild>
        <Button variant="ghost">
          <Download aria-hidden />
          pprof
        </Button>
      </PopoverTrigger>
      <PopoverContent align="end" className="w-[30rem] max-w-[calc(100vw-16px)]">
        <p className="mb-2 text-muted">These samples, labels kept, in Go's profile viewer:</p>
        <Snippet label="the pprof command" code={`go tool pprof -http=: "${origin}${path}"`} />
        <Button asChild className="mt-3">
          <a href={path} download="profile.pb.gz">
            <Download aria-hidden />
            Download profile.pb.gz
          </a>
        </Button>
      </PopoverContent>
    </Popover>
  );
}
