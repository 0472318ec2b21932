export type KeepRunning = 'auto' | 'on' | 'off'

/** What closing the window does: the window hides and Berth goes on, or Berth quits. */
export function onWindowClose(facts: { platform: NodeJS.Platform; keep: KeepRunning; tray: boolean }): 'hide' | 'quit' {
  if (facts.keep !== 'auto') return facts.keep === 'on' ? 'hide' : 'quit'
  // A mac keeps an app without windows in its dock. Elsewhere the tray is the only way back.
  return facts.platform === 'darwin' || facts.tray ? 'hide' : 'quit'
}
