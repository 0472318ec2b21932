import { type EngineLink, offers } from '../engine/link.ts'
import type { Item, Menus, Spot, System } from '../system/system.ts'

/** The application's menu; set again only when what it offers has changed. */
export function openMenu({
  menus,
  link,
  mac,
  packaged,
  act,
}: {
  menus: Menus
  link: EngineLink
  mac: boolean
  packaged: boolean
  act: (does: MenuAct) => void
}): void {
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

export type MenuAct =
  /** A command of the page, by its name. */
  { readonly act: 'command'; readonly name: string } | { readonly act: 'about' | 'diagnostics' | 'quit' | 'close-window' | 'start-engine' }

const command = (name: string): MenuAct => ({ act: 'command', name })

/**
 * The application's menu. A Mac has its app menu first, and there Settings, About and Quit are in it. Only a Mac's keys are taken
 * here: elsewhere they would be Ctrl and a letter, which belongs to whatever runs in a focused terminal. The page has its own, and those are told.
 */
export function applicationMenu({ mac, packaged, offer }: { mac: boolean; packaged: boolean; offer: boolean }): readonly Item<MenuAct>[] {
  const key = (name: string) => (mac ? { keys: `Cmd+${name}` } : {})
  const own = (name: string) => (mac ? { keys: `Cmd+${name}` } : { keys: `Ctrl+${name}`, told: true as const })
  const settings: Item<MenuAct> = { label: 'Settings…', ...own(','), does: command('go-settings') }
  const about: Item<MenuAct> = { label: 'About Berth', does: { act: 'about' } }
  const quit: Item<MenuAct> = { label: 'Quit Berth', ...key('Q'), does: { act: 'quit' } }
  const line: Item<MenuAct> = { separator: true }
  return [
    ...(mac
      ? [
          {
            label: 'Berth',
            items: [
              about,
              line,
              settings,
              line,
              { role: 'services' as const },
              line,
              { role: 'hide' as const },
              { role: 'hideOthers' as const },
              { role: 'unhide' as const },
              line,
              quit,
            ],
          },
        ]
      : []),
    {
      label: '&File',
      items: [
        { label: 'New sandbox…', ...key('N'), does: command('new-sandbox') },
        { label: 'Shut down all…', does: command('shut-down-all') },
        ...(offer ? [line, { label: 'Start Berth here', does: { act: 'start-engine' } } satisfies Item<MenuAct>] : []),
        line,
        { label: 'Close window', ...key('W'), does: { act: 'close-window' } },
        ...(mac ? [] : [settings, line, quit]),
      ],
    },
    {
      label: '&Edit',
      items: [{ role: 'undo' }, { role: 'redo' }, line, { role: 'cut' }, { role: 'copy' }, { role: 'paste' }, { role: 'selectAll' }],
    },
    {
      label: '&View',
      items: [
        { label: 'Sandboxes', ...own('1'), does: command('go-sandboxes') },
        { label: 'Activity', ...own('2'), does: command('go-activity') },
        { label: 'Images', ...own('3'), does: command('go-images') },
        { label: 'Bridge', ...own('4'), does: command('go-bridge') },
        line,
        { label: 'Commands…', keys: mac ? 'Cmd+K' : 'Ctrl+Shift+K', told: true, does: command('palette') },
        line,
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        line,
        { role: 'togglefullscreen' },
        // In a package its fuses and this menu leave nobody a way into the page.
        ...(packaged ? [] : [{ role: 'toggleDevTools' as const }]),
      ],
    },
    ...(mac ? [{ label: 'Window', items: [{ role: 'minimize' as const }, { role: 'zoom' as const }, line, { role: 'front' as const }] }] : []),
    {
      label: '&Help',
      items: [
        { label: 'Keyboard shortcuts', does: command('keys-help') },
        { label: 'Export diagnostics…', does: { act: 'diagnostics' } },
        ...(mac ? [] : [line, about]),
      ],
    },
  ]
}

/** What this is, in the system's own panel for it, and where newer ones are: Berth makes no traffic of its own to look for them. */
export function about({ desk, electron }: Pick<System, 'desk' | 'electron'>, { version, icon }: { version: string; icon: string | null }): void {
  desk.about({
    name: 'Berth',
    version,
    icon,
    text: `Sandboxes for AI agents.\nElectron ${electron}\nMIT licence\n\nNew releases are published where this one came from.`,
  })
}

/** The menu of what was right-clicked: a field's, a terminal's, or that of a text which is selected. Empty: there is nothing to do there. */
export function contextMenu({ editable, area, can }: Spot): readonly Item<never>[] {
  if (!editable) return can.copy ? [{ role: 'copy' }] : []
  const copy: Item<never> = { role: 'copy', enabled: can.copy }
  const paste: Item<never> = { role: 'paste', enabled: can.paste }
  // What a terminal shows cannot be cut out of it, and its field holds no more than the selection.
  if (area) return [copy, paste]
  return [
    { role: 'undo' },
    { separator: true },
    { role: 'cut', enabled: can.cut },
    copy,
    paste,
    { separator: true },
    { role: 'selectAll', enabled: can.selectAll },
  ]
}
