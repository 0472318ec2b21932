import type { ITheme } from '@xterm/xterm'

const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const

export interface TerminalColours {
  readonly theme: ITheme
  /** For what a search found, and the one at hand. */
  readonly hit: string
  readonly hitNow: string
}

/** The tokens as xterm takes colours: resolved for the theme of the moment. `host`: in the page, so that the tokens apply. */
export function readColours(host: HTMLElement): TerminalColours {
  const probe = document.createElement('span')
  probe.hidden = true
  host.append(probe)
  // light-dark() is resolved in a property's value, not in a custom property's.
  const read = (token: string): string => {
    probe.style.color = `var(${token})`
    return hex(getComputedStyle(probe).color)
  }
  const theme: Record<string, string> = {
    background: read('--surface-sunken'), foreground: read('--ink'), cursor: read('--ink'), cursorAccent: read('--surface-sunken'),
    selectionBackground: read('--surface-selected'), selectionInactiveBackground: read('--surface-press'),
  }
  for (const name of names) {
    theme[name] = read(`--ansi-${name}`)
    theme[`bright${name[0]?.toUpperCase()}${name.slice(1)}`] = read(`--ansi-bright-${name}`)
  }
  const colours = { theme, hit: read('--warm-tint'), hitNow: read('--warm') }
  probe.remove()
  return colours
}

/** Calls back when the page's theme changes. */
export function watchTheme(changed: () => void): () => void {
  const observer = new MutationObserver(changed)
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
  const media = matchMedia('(prefers-color-scheme: dark)')
  media.addEventListener('change', changed)
  return () => {
    observer.disconnect()
    media.removeEventListener('change', changed)
  }
}

/** `rgb(1, 2, 3)`, `rgba(…)` or `color(srgb 0.1 0.2 0.3)` as `#rrggbb`. */
export function hex(color: string): string {
  const parts = (/\(([^)]*)\)/.exec(color)?.[1] ?? '').split(/[\s,/]+/).filter((part) => part !== '' && part !== 'srgb').slice(0, 3).map(Number)
  const scale = color.startsWith('color(') ? 255 : 1
  return `#${parts.map((part) => Math.round(Math.min(255, Math.max(0, part * scale))).toString(16).padStart(2, '0')).join('')}`
}
