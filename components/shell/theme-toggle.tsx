"use client";
import { Monitor, Moon, Sun } from "lucide-react";
import { useTheme } from "next-themes";
import { IconButton } from "@/components/ui/icon-button";
import { useOnClient } from "@/components/ui/use-on-client";

const ORDER = ["system", "light", "dark"] as const;
const ICONS = { system: Monitor, light: Sun, dark: Moon };

/** Goes round system, light, dark. The server does not know the choice, so the icon appears with the first client render. */
export function ThemeToggle() {
  const { theme, setTheme } = useTheme();
  const onClient = useOnClient();
  const current = ORDER.find((name) => name === theme) ?? "system";
  const next = ORDER[(ORDER.indexOf(current) + 1) % ORDER.length] ?? "system";
  const Icon = ICONS[current];
  return (
    <IconButton
      label={onClient ? `Theme: ${current}. Switch to ${next}` : "Theme"}
      onClick={() => setTheme(next)}
    >
      {onClient ? <Icon aria-hidden /> : <span className="size-4" />}
    </IconButton>
  );
}
