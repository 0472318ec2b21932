import { type EngineLink, offers } from '../engine/link.ts'
import type { Menus } from '../system/menu.ts'
import { applicationMenu, type MenuAct } from './menu-plan.ts'

/** The application's menu; set again only when what it offers has changed. */
export function openMenu({ menus, link, mac, packaged, act }: { menus: Menus; link: EngineLink; mac: boolean; packaged: boolean; act: (does: MenuAct) => void }): void {
  let offered: boolean | null = null
  function show(): void {
    const offer = offers(link.current())
    if (offer === offered) return
    offered = offer
    menus.setApplicationMenu(applicationMenu({ mac, packaged, offer }), act)
  }
  link.onChange(show)
  show()
}
