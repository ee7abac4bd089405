"use client";
import { Snippet } from "@/components/ui/snippet";
import { useOnClient } from "@/components/ui/use-on-client";
import type { DoctorFix } from "@/lib/api/doctor-contract";

const LANGUAGES = { go: "Go", nodejs: "Node", shell: "Shell", text: "" } as const;

/** Where snippets send their data; the page knows the real address. */
const ANYWHERE = "http://localhost:3000";

export function Fixes({ fixes }: { fixes: readonly DoctorFix[] }) {
  const origin = useOnClient() ? window.location.origin : ANYWHERE;
  return (
    <ul className="grid min-w-0 content-start gap-3" aria-label="How to fix">
      {fixes.map(({ language, snippet, text }) => (
        <li key={text} className="min-w-0">
          <p className="text-muted text-sm">
            {language !== "text" && (
              <span className="mr-1.5 font-medium text-ink">{LANGUAGES[language]}</span>
            )}
            {text}
          </p>
          {snippet !== "" && (
            <Snippet
              code={snippet.replaceAll(ANYWHERE, origin)}
              label={`${LANGUAGES[language]} snippet`}
              className="mt-1.5"
            />
          )}
        </li>
      ))}
    </ul>
  );
}
