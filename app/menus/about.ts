import type { System } from '../system/system.ts'

/** What this is, in the system's own panel for it, and where newer ones are: Berth makes no traffic of its own to look for them. */
export function about({ desk, electron }: Pick<System, 'desk' | 'electron'>, { version, icon }: { version: string; icon: string | null }): void {
  desk.about({ name: 'Berth', version, icon, text: `Sandboxes for AI agents.\nElectron ${electron}\nMIT licence\n\nNew releases are published where this one came from.` })
}
