import type { TrayIcon, Trays } from '../system/menu.ts'
import { trayLook, type TrayAct, type TrayFacts } from './tray-plan.ts'

export interface Tray {
  /** Shows what is known now, if that looks different. */
  update(facts: TrayFacts): void
  close(): void
}

/** The tray. `iconFile`: where an icon's PNG is. */
export function openTray({ trays, iconFile, act }: { trays: Trays; iconFile: (name: string) => string; act: (does: TrayAct) => void }): Tray {
  const tray: TrayIcon = trays.open(iconFile('empty'))
  tray.onPress(() => act({ act: 'open' }))
  let shown = ''
  return {
    update(facts) {
      const look = trayLook(facts)
      const text = JSON.stringify(look)
      // Menus that are open close when they are set again.
      if (text === shown) return
      shown = text
      tray.show({ ...look, icon: iconFile(look.icon) }, act)
    },
    close: () => tray.remove(),
  }
}
