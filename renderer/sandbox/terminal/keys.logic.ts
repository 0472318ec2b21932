export interface TerminalKey {
  readonly key: string
  readonly ctrl: boolean
  readonly meta: boolean
  readonly shift: boolean
  readonly alt: boolean
}

export type TerminalAction = 'copy' | 'paste' | 'find' | 'app' | null

/** Whose a key is in a focused terminal: Ctrl+Shift (⌘ on a Mac) is ours, everything else the program's (null). */
export function actionOf({ key, ctrl, meta, shift, alt }: TerminalKey, mac: boolean): TerminalAction {
  const ours = mac ? meta && !ctrl && !alt : ctrl && shift && !alt && !meta
  if (!ours) return null
  const letter = key.toLowerCase()
  if (mac && shift) return 'app'
  if (letter === 'c') return 'copy'
  if (letter === 'v') return 'paste'
  if (letter === 'f') return 'find'
  return key.length === 1 || mac ? 'app' : null
}

// oxlint-disable-next-line no-control-regex -- these are the terminal's own words
const reports = /^\x1b\[(?:[IO]|\?997;[12]n)$/

/** Reports that a terminal makes on its own, not in answer to a query: the focus came or went (CSI I, CSI O), the theme changed (CSI ? 997 n). */
export function isReport(data: string): boolean {
  return reports.test(data)
}
