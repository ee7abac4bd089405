"use client";
import Link from "next/link";
import type { ReactNode } from "react";
import { Panel } from "@/components/ui/panel";
import { Snippet } from "@/components/ui/snippet";
import { useOnClient } from "@/components/ui/use-on-client";
import { buildCurlSnippet, buildOtelSnippet, GO_LABELS_SNIPPET } from "./send-data-snippets";

/** The first page of a new installation: three things to paste, and what each gives. */
export function SendData() {
  const origin = useOnClient() ? window.location.origin : "http://localhost:3000";
  return (
    <Panel aria-label="Send data">
      <div className="mx-auto max-w-3xl px-4 py-8">
        <h2 className="font-semibold text-lg tracking-[-0.01em]">Nothing has been sent yet</h2>
        <p className="mt-1 text-muted">
          Hotspan is listening. Each step works without the others; this page fills by itself as soon as
          something arrives.
        </p>
        <ol className="mt-6 grid gap-6">
          <Step
            number={1}
            title="Send traces"
            text="Any OpenTelemetry SDK, in any language. Set this where your service starts:"
          >
            <Snippet label="OpenTelemetry variables" code={buildOtelSnippet(origin)} />
          </Step>
          <Step
            number={2}
            title="Send a CPU profile"
            text="Any pprof will do. From a Go service with net/http/pprof:"
          >
            <Snippet label="curl command" code={buildCurlSnippet(origin)} />
            <p className="mt-2 text-muted">
              Or let Hotspan fetch it each minute, and more under load:{" "}
              <TextLink href="/settings">add the service’s address</TextLink>. Files that you have already are{" "}
              <TextLink href="/profiles">dropped on Profiles</TextLink>.
            </p>
          </Step>
          <Step
            number={3}
            title="Tie the two together"
            text="Go labels its CPU samples with whatever the goroutine carries. With the trace and span id on it, every trace gets a flame graph of its own. Wrap your handler inside OpenTelemetry’s:"
          >
            <Snippet label="Go middleware" code={GO_LABELS_SNIPPET} />
            <p className="mt-2 text-muted">
              <code>clients/go</code> in Hotspan’s folder does this, and labels child spans and pushes
              profiles too; <code>clients/node</code> is its counterpart for Node.
            </p>
          </Step>
        </ol>
        <p className="mt-6 border-line border-t pt-4 text-muted">
          You run Pyroscope’s, Grafana Alloy’s, Datadog’s or Zipkin’s clients, or an OpenTelemetry Collector
          already? Give them <code className="text-ink">{origin}</code> as their server: Hotspan takes what
          they send. The lines for each are in <code>docs/clients.md</code>.
        </p>
      </div>
    </Panel>
  );
}

function TextLink({ children, href }: { children: ReactNode; href: string }) {
  return (
    <Link
      href={href}
      className="text-ink underline decoration-line-strong underline-offset-3 hover:decoration-ink"
    >
      {children}
    </Link>
  );
}

function Step({
  number,
  title,
  text,
  children,
}: {
  number: number;
  title: string;
  text: string;
  children: ReactNode;
}) {
  return (
    <li className="grid min-w-0 grid-cols-[1.5rem_minmax(0,1fr)] gap-x-2">
      <span
        aria-hidden
        className="flex size-5 items-center justify-center rounded-md bg-sunken font-medium text-muted text-sm tabular-nums ring-1 ring-line ring-inset"
      >
        {number}
      </span>
      <div>
        <h3 className="font-medium">{title}</h3>
        <p className="mt-0.5 mb-2 text-muted">{text}</p>
        {children}
      </div>
    </li>
  );
}
