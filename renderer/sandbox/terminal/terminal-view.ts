import { FitAddon } from '@xterm/addon-fit'
import { SearchAddon } from '@xterm/addon-search'
import { WebLinksAddon } from '@xterm/addon-web-links'
import { type IDisposable, type ITheme, Terminal } from '@xterm/xterm'
import type { ErrorData } from '../../../shared/errors.ts'
import type { Endpoint } from '../../../shared/wire/endpoint.ts'
import { actionOf, asksBefore, chunksOf, isReport, pastedText } from './terminal.logic.ts'

export interface TerminalViewOptions {
  /** Filled by the terminal; as large as it is to be. */
  readonly host: HTMLElement
  readonly endpoint: Endpoint
  readonly terminal: string
  readonly mac: boolean
  /** Tells a screen reader what is printed. */
  readonly reader: boolean
  readonly on: {
    size(cols: number, rows: number): void
    /** Whether this window sets the size and answers; how many look. */
    focus(yours: boolean, viewers: number): void
    /** The history was told; `cut`: its beginning is gone. */
    replayed(cut: boolean): void
    ended(reason: string): void
    broken(error: ErrorData | null): void
    /** Enter, after the end. */
    again(): void
    copy(text: string): void
    find(): void
    /** A paste that needs a yes; `go` does it. */
    paste(text: string, why: 'lines' | 'long', go: () => void): void
    link(uri: string): void
    /** The target of the link under the pointer. */
    hover(uri: string | null): void
    found(at: number, count: number): void
  }
}

export interface TerminalView {
  focus(): void
  /** Says that this window is the one. */
  take(): void
  selection(): string
  search(text: string, by: 1 | -1, typing: boolean): void
  endSearch(): void
  close(): void
}

/** Lines above the screen. */
const scrollback = 5000

/** One terminal in the page, over one session in the engine. Closing it leaves the session as it is. */
export function openTerminalView({ host, endpoint, terminal: id, mac, reader, on }: TerminalViewOptions): TerminalView {
  let colours = readColours(host)
  const style = getComputedStyle(host)
  const terminal = new Terminal({
    scrollback,
    theme: colours.theme,
    screenReaderMode: reader,
    fontFamily: style.getPropertyValue('--mono').trim(),
    fontSize: 12,
    lineHeight: 1.25,
    // What the search marks is drawn by a proposed part of xterm's API, which refuses without this.
    allowProposedApi: true,
    minimumContrastRatio: 4.5,
    cursorBlink: false,
    macOptionClickForcesSelection: true,
    linkHandler: { activate: (_, uri) => on.link(uri), hover: (_, uri) => on.hover(uri), leave: () => on.hover(null), allowNonHttpProtocols: false },
  })
  const fit = new FitAddon()
  const search = new SearchAddon()
  terminal.loadAddon(fit)
  terminal.loadAddon(search)
  terminal.loadAddon(new WebLinksAddon((_, uri) => on.link(uri), { hover: (_, uri) => on.hover(uri), leave: () => on.hover(null) }))
  terminal.open(host)
  const answers = watchAnswers(terminal)
  let replays = 0
  let yours = false
  let over = false
  let closed = false
  let frame = 0

  const subscription = endpoint.subscribe(
    'terminal',
    { terminal: id },
    {
      event(event) {
        if (event.type === 'data') return written(event.data)
        if (event.type === 'replay') return replay(event.data, event.cols, event.rows, event.cut)
        if (event.type === 'size') {
          if (!yours) terminal.resize(event.cols, event.rows)
        } else if (event.type === 'focus') {
          yours = event.yours
          on.focus(yours, event.viewers)
          if (yours) fitSoon()
        } else {
          over = true
          terminal.options.cursorStyle = 'underline'
          on.ended(event.reason)
        }
      },
      end: (error) => on.broken(error),
    },
  )

  /** Settles when it is on the screen: until then it counts as unacknowledged, and a flood waits in the engine. */
  function written(data: string): Promise<void> {
    return new Promise((resolve) => terminal.write(data, resolve))
  }

  /** History asks again what was asked and answered then: what the emulator says to it goes nowhere. */
  async function replay(data: string, cols: number, rows: number, cut: boolean): Promise<void> {
    replays += 1
    terminal.reset()
    // In the size it was printed in, or its lines would break elsewhere.
    terminal.resize(cols, rows)
    await written(data)
    replays -= 1
    if (closed) return
    on.replayed(cut)
    if (yours) fitSoon()
  }

  function send(text: string): void {
    for (const data of chunksOf(text)) subscription.send({ type: 'input', data })
  }

  /** A large text in pieces with room for other work between them. */
  async function sendSlowly(text: string): Promise<void> {
    for (const data of chunksOf(text)) {
      if (closed) return
      subscription.send({ type: 'input', data })
      await new Promise((resolve) => setTimeout(resolve))
    }
  }

  function fitSoon(): void {
    if (frame !== 0) return
    frame = requestAnimationFrame(() => {
      frame = 0
      if (closed || !yours || over || replays > 0) return
      const wanted = fit.proposeDimensions()
      if (!wanted || !Number.isFinite(wanted.cols) || !Number.isFinite(wanted.rows)) return
      const cols = Math.min(1000, Math.max(2, wanted.cols))
      const rows = Math.min(1000, Math.max(1, wanted.rows))
      if (cols !== terminal.cols || rows !== terminal.rows) terminal.resize(cols, rows)
      subscription.send({ type: 'resize', cols, rows })
    })
  }

  function take(): void {
    if (!yours && !over) subscription.send({ type: 'focus' })
  }

  function pasted(event: ClipboardEvent): void {
    event.preventDefault()
    event.stopPropagation()
    const text = event.clipboardData?.getData('text/plain') ?? ''
    if (text === '' || over) return
    const bracketed = terminal.modes.bracketedPasteMode
    const go = () => {
      terminal.scrollToBottom()
      void sendSlowly(pastedText(text, bracketed))
    }
    const why = asksBefore(text, bracketed)
    if (why === null) go()
    else on.paste(text, why, go)
  }

  terminal.onData((data) => {
    if (replays > 0) return
    if (over) {
      if (data === '\r') on.again()
    } else if (answers.answering() || isReport(data)) subscription.send({ type: 'answer', data: data.slice(0, 4096) })
    else send(data)
  })
  terminal.onBinary((data) => {
    if (replays === 0 && !over) send(data)
  })
  terminal.onResize(({ cols, rows }) => on.size(cols, rows))
  terminal.attachCustomKeyEventHandler((event) => {
    const action = actionOf({ key: event.key, ctrl: event.ctrlKey, meta: event.metaKey, shift: event.shiftKey, alt: event.altKey }, mac)
    if (action === null) return true
    if (event.type !== 'keydown') return false
    if (action === 'copy') {
      event.preventDefault()
      if (terminal.hasSelection()) on.copy(terminal.getSelection())
    } else if (action === 'find') {
      event.preventDefault()
      on.find()
    }
    // A paste is the browser's to begin; the rest are the page's own commands.
    return false
  })
  search.onDidChangeResults(({ resultIndex, resultCount }) => on.found(resultIndex, resultCount))
  host.addEventListener('paste', pasted, true)
  terminal.textarea?.addEventListener('focus', take)
  const sizes = new ResizeObserver(fitSoon)
  sizes.observe(host)
  const unwatch = watchTheme(() => {
    colours = readColours(host)
    terminal.options.theme = colours.theme
  })
  on.size(terminal.cols, terminal.rows)

  return {
    focus: () => terminal.focus(),
    take,
    selection: () => terminal.getSelection(),
    search(text, by, typing) {
      const decorations = {
        matchBackground: colours.hit,
        activeMatchBackground: colours.hitNow,
        matchOverviewRuler: colours.hitNow,
        activeMatchColorOverviewRuler: colours.hitNow,
      }
      if (by === 1) search.findNext(text, { incremental: typing, decorations })
      else search.findPrevious(text, { decorations })
    },
    endSearch() {
      search.clearDecorations()
      terminal.focus()
    },
    close() {
      if (closed) return
      closed = true
      subscription.close()
      unwatch()
      sizes.disconnect()
      cancelAnimationFrame(frame)
      host.removeEventListener('paste', pasted, true)
      answers.dispose()
      // Its addons and listeners go with it.
      terminal.dispose()
    },
  }
}

interface Query {
  readonly kind: 'csi' | 'dcs' | 'esc'
  readonly prefix?: string
  readonly intermediates?: string
  readonly final: string
}

/** Every sequence that xterm.js answers (its InputHandler): device attributes, status and cursor reports, modes, window sizes, settings, DECID, XTVERSION, keyboard flags. */
const queries: readonly Query[] = [
  { kind: 'csi', final: 'c' },
  { kind: 'csi', prefix: '>', final: 'c' },
  { kind: 'csi', prefix: '=', final: 'c' },
  { kind: 'csi', final: 'n' },
  { kind: 'csi', prefix: '?', final: 'n' },
  { kind: 'csi', intermediates: '$', final: 'p' },
  { kind: 'csi', prefix: '?', intermediates: '$', final: 'p' },
  { kind: 'csi', final: 't' },
  { kind: 'csi', prefix: '>', final: 'q' },
  { kind: 'csi', prefix: '?', final: 'u' },
  { kind: 'csi', final: 'x' },
  { kind: 'dcs', intermediates: '$', final: 'q' },
  { kind: 'dcs', intermediates: '+', final: 'q' },
  { kind: 'esc', final: 'Z' },
]
/** Colours: of the palette, foreground, background, cursor. */
const colours = [4, 10, 11, 12]

export interface Answers extends IDisposable {
  /** What `onData` gives right now is the emulator's own answer, not something typed. */
  answering(): boolean
}

/**
 * Tells the emulator's answers from typing: `onData` gives both. An answer comes while its query is parsed, in the same task; a key,
 * paste or composition is a task of its own. So a query that is seen opens a window that a microtask closes.
 */
function watchAnswers(terminal: Terminal): Answers {
  let now = false
  const seen = (): false => {
    if (!now) {
      now = true
      queueMicrotask(() => {
        now = false
      })
    }
    // The emulator's own handler goes on with it.
    return false
  }
  const { parser } = terminal
  const registered = [
    ...queries.map(({ kind, ...id }) =>
      kind === 'csi' ? parser.registerCsiHandler(id, seen) : kind === 'dcs' ? parser.registerDcsHandler(id, seen) : parser.registerEscHandler(id, seen),
    ),
    ...colours.map((code) => parser.registerOscHandler(code, seen)),
    // A program in a sandbox neither reads nor writes the clipboard of the person who looks at it.
    parser.registerOscHandler(52, () => true),
  ]
  return {
    answering: () => now,
    dispose: () => {
      for (const one of registered) one.dispose()
    },
  }
}

const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const

export interface TerminalColours {
  readonly theme: ITheme
  /** For what a search found, and the one at hand. */
  readonly hit: string
  readonly hitNow: string
}

/** The tokens as xterm takes colours: resolved for the theme of the moment. `host`: in the page, so that the tokens apply. */
function readColours(host: HTMLElement): TerminalColours {
  const probe = document.createElement('span')
  probe.hidden = true
  host.append(probe)
  // light-dark() is resolved in a property's value, not in a custom property's.
  const read = (token: string): string => {
    probe.style.color = `var(${token})`
    return hex(getComputedStyle(probe).color)
  }
  const theme: Record<string, string> = {
    background: read('--surface-sunken'),
    foreground: read('--ink'),
    cursor: read('--ink'),
    cursorAccent: read('--surface-sunken'),
    selectionBackground: read('--surface-selected'),
    selectionInactiveBackground: read('--surface-press'),
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
function watchTheme(changed: () => void): () => void {
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
  const parts = (/\(([^)]*)\)/.exec(color)?.[1] ?? '')
    .split(/[\s,/]+/)
    .filter((part) => part !== '' && part !== 'srgb')
    .slice(0, 3)
    .map(Number)
  const scale = color.startsWith('color(') ? 255 : 1
  return `#${parts
    .map((part) =>
      Math.round(Math.min(255, Math.max(0, part * scale)))
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`
}
