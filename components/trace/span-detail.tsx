"use client";

import { X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { AttributePairs, type Attributes } from "@/components/trace/attribute-pairs";
import { Badge } from "@/components/ui/badge";
import { IconButton } from "@/components/ui/icon-button";
import { Input } from "@/components/ui/input";
import { SenderName } from "@/components/ui/sender-name";
import { ServiceName } from "@/components/ui/service-dot";
import type { TraceSpan } from "@/lib/api/contract";
import { formatCountExact, formatDuration, formatDurationExact } from "@/lib/format";

interface SpanDetailProps {
  readonly span: TraceSpan;
  readonly traceStartUnixNano: string;
  readonly onClose: () => void;
}

/** Everything a span carries: its times, attributes, events, links and resource. Text is the sender's and only ever text. */
export function SpanDetail({ span, traceStartUnixNano, onClose }: SpanDetailProps) {
  const [filter, setFilter] = useState("");
  const offset = (instant: string) => formatDuration(Number(BigInt(instant) - BigInt(traceStartUnixNano)));
  return (
    <section
      aria-label={`Span ${span.name}`}
      className="flex min-h-0 flex-col overflow-hidden rounded-lg border bg-surface"
    >
      <header className="flex items-start gap-2 border-b px-3 py-2">
        <div className="min-w-0 flex-1">
          <h2 className="line-clamp-3 wrap-anywhere font-medium" title={span.name}>
            <SenderName name={span.name} />
          </h2>
          <div className="mt-0.5 flex flex-wrap items-center gap-2 text-sm text-muted">
            <ServiceName name={span.service} />
            <Badge>{span.kind}</Badge>
            {span.status === "Error" && <Badge tone="danger">Error</Badge>}
            {span.critical && <Badge>critical path</Badge>}
          </div>
        </div>
        <IconButton size="sm" label="Close the span's detail" onClick={onClose}>
          <X aria-hidden />
        </IconButton>
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain">
        <dl className="grid grid-cols-4 gap-2 border-b px-3 py-2">
          <Time name="Duration" ns={span.durationNs} />
          <Time name="Self" ns={span.selfNs} />
          <Time name="On CPU" ns={span.sampleCount > 0 ? span.cpuNs : null} hot={span.cpuNs > 0} />
          <div>
            <dt className="text-xs text-subtle">Samples</dt>
            <dd className="tabular-nums">{formatCountExact(span.sampleCount)}</dd>
          </div>
        </dl>
        {span.statusMessage !== "" && (
          <p className="border-b bg-danger-soft px-3 py-2 wrap-anywhere text-danger-ink">
            <bdi>{span.statusMessage}</bdi>
          </p>
        )}
        <div className="px-3 py-2">
          <Input
            type="search"
            aria-label="Filter the attributes"
            placeholder="Filter attributes"
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
            className="w-full"
          />
        </div>
        <AttributeGroup title="Attributes" entries={span.attributes} filter={filter} />
        {span.events.length > 0 && (
          <Group title={`Events (${span.events.length})`}>
            {span.events.map((event, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: events have no id and never move
              <div key={index} className="border-t first:border-t-0">
                <div className="flex justify-between gap-3 px-3 pt-1.5">
                  <SenderName name={event.name} className="wrap-anywhere font-medium" />
                  <span className="shrink-0 text-muted tabular-nums">+{offset(event.timeUnixNano)}</span>
                </div>
                <AttributePairs entries={event.attributes} filter={filter} />
              </div>
            ))}
          </Group>
        )}
        {span.links.length > 0 && (
          <Group title={`Links (${span.links.length})`}>
            {span.links.map((link) => (
              <a
                key={`${link.traceId}${link.spanId}`}
                href={`/traces/${link.traceId}?span=${link.spanId}`}
                className="block px-3 py-1 underline"
              >
                <code className="break-all text-sm">{link.traceId}</code>
              </a>
            ))}
          </Group>
        )}
        <AttributeGroup title="Resource" entries={span.resource} filter={filter} />
        <AttributeGroup
          title="Identity"
          entries={{ span_id: span.spanId, parent_span_id: span.parentSpanId }}
          filter={filter}
        />
      </div>
    </section>
  );
}

/** @param ns null where nothing was measured */
function Time({ name, ns, hot = false }: { name: string; ns: number | null; hot?: boolean }) {
  return (
    <div title={ns === null ? "no sample fell into it" : formatDurationExact(ns)}>
      <dt className="text-xs text-subtle">{name}</dt>
      <dd className={`tabular-nums ${hot ? "text-accent-ink" : ""}`}>{formatDuration(ns)}</dd>
    </div>
  );
}

function AttributeGroup({ title, entries, filter }: { title: string; entries: Attributes; filter: string }) {
  const count = Object.keys(entries).length;
  if (count === 0) return null;
  return (
    <Group title={title}>
      <AttributePairs entries={entries} filter={filter} />
    </Group>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="border-t py-1">
      <h3 className="px-3 py-1 text-xs text-subtle">{title}</h3>
      {children}
    </section>
  );
}
