import type { System } from '../system/system.ts'

/** What this is, and where newer ones are. Berth does not look for them: it makes no traffic of its own. */
export async function about({ dialogs, electron }: Pick<System, 'dialogs' | 'electron'>, version: string): Promise<void> {
  await dialogs.ask({
    kind: 'info',
    message: `Berth ${version}`,
    detail: `Sandboxes for AI agents.\nElectron ${electron}\n\nNew releases are published where this one came from. Berth does not look for them by itself.`,
    buttons: ['Close'], yes: 0, no: 0,
  })
}
