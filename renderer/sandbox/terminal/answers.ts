import type { IDisposable, Terminal } from '@xterm/xterm'

interface Query { readonly kind: 'csi' | 'dcs' | 'esc'; readonly prefix?: string; readonly intermediates?: string; readonly final: string }

/** Every sequence that xterm.js answers (its InputHandler): device attributes, status and cursor reports, modes, window sizes, settings, DECID, XTVERSION, keyboard flags. */
const queries: readonly Query[] = [
  { kind: 'csi', final: 'c' }, { kind: 'csi', prefix: '>', final: 'c' }, { kind: 'csi', prefix: '=', final: 'c' },
  { kind: 'csi', final: 'n' }, { kind: 'csi', prefix: '?', final: 'n' },
  { kind: 'csi', intermediates: '$', final: 'p' }, { kind: 'csi', prefix: '?', intermediates: '$', final: 'p' },
  { kind: 'csi', final: 't' }, { kind: 'csi', prefix: '>', final: 'q' }, { kind: 'csi', prefix: '?', final: 'u' }, { kind: 'csi', final: 'x' },
  { kind: 'dcs', intermediates: '$', final: 'q' }, { kind: 'dcs', intermediates: '+', final: 'q' },
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
export function watchAnswers(terminal: Terminal): Answers {
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
    ...queries.map(({ kind, ...id }) => (kind === 'csi' ? parser.registerCsiHandler(id, seen) : kind === 'dcs' ? parser.registerDcsHandler(id, seen) : parser.registerEscHandler(id, seen))),
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
