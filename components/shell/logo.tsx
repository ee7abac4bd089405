/** Three spans of a trace; the last and shortest is hot. The same drawing as app/icon.svg. */
export function LogoMark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 16 16" aria-hidden="true" className={className}>
      <rect x="1" y="2" width="14" height="3" rx="1" fill="currentColor" />
      <rect x="4" y="6.5" width="8" height="3" rx="1" fill="currentColor" opacity="0.55" />
      <rect x="6" y="11" width="5" height="3" rx="1" fill="var(--accent)" />
    </svg>
  );
}
