import type { Desk } from './desk.ts'
import type { Dialogs } from './dialogs.ts'
import type { Life } from './life.ts'
import type { Menus, Trays } from './menu.ts'
import type { Guard, Pipes } from './pipes.ts'
import type { Windows } from './window.ts'

/**
 * All that the shell needs of Electron. `app/electron/` does it with the real one and holds no decision; a test hands in a
 * record of what was asked.
 */
export interface System {
  readonly platform: NodeJS.Platform
  readonly packaged: boolean
  readonly electron: string
  readonly life: Life
  readonly windows: Windows
  readonly menus: Menus
  readonly trays: Trays
  readonly dialogs: Dialogs
  readonly desk: Desk
  readonly pipes: Pipes
  readonly guard: Guard
}
