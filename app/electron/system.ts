import { app } from 'electron'
import type { System } from '../system/system.ts'
import { electronDesk } from './desk.ts'
import { electronDialogs } from './dialogs.ts'
import { electronLife } from './life.ts'
import { electronMenus, electronTrays } from './menu.ts'
import { electronGuard, electronPipes } from './pipes.ts'
import { electronWindows } from './window.ts'

/** The real system. */
export function electronSystem(): System {
  return {
    platform: process.platform,
    packaged: app.isPackaged,
    electron: process.versions.electron,
    life: electronLife(),
    windows: electronWindows(),
    menus: electronMenus(),
    trays: electronTrays(),
    dialogs: electronDialogs(),
    desk: electronDesk(),
    pipes: electronPipes(),
    guard: electronGuard(),
  }
}
