import type { Item, TrayIcon, Trays } from '../system/system.ts'
import type { HouseState, SandboxRow } from '../../shared/state.ts'

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

export type TrayIconName = 'empty' | 'warm' | 'active' | 'attention'

type TrayAct =
  | { readonly act: 'open' | 'new-sandbox' | 'shut-down-all' | 'settings' | 'quit' | 'start-engine' }
  /** `tab`: which part of it; none: what it is doing. */
  | { readonly act: 'sandbox'; readonly id: string; readonly tab: string | null }
  | { readonly act: 'copy-address'; readonly url: string }

export interface TrayLook {
  readonly icon: TrayIconName
  readonly tooltip: string
  readonly items: readonly Item<TrayAct>[]
}

/** What the tray is made from. */
export interface TrayFacts {
  readonly state: HouseState | null
  readonly link: 'connecting' | 'open' | 'lost' | 'mismatch'
  /** The engine has been gone for a while: one can be started here. */
  readonly offer: boolean
  /** Of `Shut down all`: how many are still there. */
  readonly ending: number | null
}

const recent = 5

/** The tray in full, from what is known. Equal facts give equal looks, so that it is set only when it changes. */
export function trayLook({ state, link, offer, ending }: TrayFacts): TrayLook {
  const counts = countsOf(state)
  const line = link !== 'open' || !state ? engineLine(link) : countsLine(counts)
  const sandboxes = Object.values(state?.sandboxes ?? {})
  const problem = (link !== 'open' && link !== 'connecting') || counts.failed > 0 || state?.house.backend.reachable === false
  return {
    icon: problem ? 'attention' : counts.active > 0 ? 'active' : counts.warm > 0 ? 'warm' : 'empty',
    tooltip: `Berth: ${line}`,
    items: [
      { label: 'Open', does: { act: 'open' } },
      { label: line.charAt(0).toUpperCase() + line.slice(1), enabled: false },
      { separator: true },
      ...latest(sandboxes).map((row): Item<TrayAct> => ({ label: `${nameOf(row)} (${row.status})`, items: partsOf(row) })),
      ...(sandboxes.length > 0 ? [{ separator: true } as const] : []),
      { label: 'New sandbox…', enabled: link === 'open' && state !== null, does: { act: 'new-sandbox' } },
      ...(state === null ? [] : [{ label: 'Copy the bridge address', does: { act: 'copy-address', url: state.house.url } } as const]),
      ...(offer ? [{ label: 'Start Berth here', does: { act: 'start-engine' } } as const] : []),
      ending === null
        ? { label: 'Shut down all…', enabled: link === 'open' && sandboxes.length > 0, does: { act: 'shut-down-all' } }
        : { label: `Shutting down: ${ending} left`, enabled: false },
      { label: 'Settings…', does: { act: 'settings' } },
      { separator: true },
      { label: 'Quit', does: { act: 'quit' } },
    ],
  }
}

export function countsOf(state: HouseState | null): { active: number; warm: number; failed: number; creating: number } {
  const rows = Object.values(state?.sandboxes ?? {})
  const of = (...names: SandboxRow['status'][]) => rows.filter((row) => names.includes(row.status)).length
  return { active: of('active'), warm: of('warm', 'paused'), failed: of('failed'), creating: of('creating') }
}

function countsLine({ active, warm, creating, failed }: ReturnType<typeof countsOf>): string {
  return [`${active} active`, `${warm} warm`, ...(creating > 0 ? [`${creating} starting`] : []), ...(failed > 0 ? [`${failed} failed`] : [])].join(', ')
}

function engineLine(link: TrayFacts['link']): string {
  return link === 'lost' ? 'not running' : link === 'mismatch' ? 'another version is running' : 'starting'
}

/** Where one goes in a sandbox; into one that has failed or is only coming nobody gets. */
function partsOf({ id, status }: SandboxRow): Item<TrayAct>[] {
  const part = (label: string, tab: string | null, enabled = true): Item<TrayAct> => ({ label, enabled, does: { act: 'sandbox', id, tab } })
  const up = status === 'active' || status === 'warm' || status === 'paused'
  return [part('Open', null), part('Terminal', 'terminal', up), part('Files', 'files', up), part('Logs', 'logs')]
}

/** The latest used first, so that what somebody works on stands on top. */
function latest(rows: readonly SandboxRow[]): SandboxRow[] {
  return rows
    .filter((row) => row.status !== 'stopping')
    .sort((a, b) => (a.last_activity_at === b.last_activity_at ? a.id.localeCompare(b.id) : a.last_activity_at < b.last_activity_at ? 1 : -1))
    .slice(0, recent)
}

function nameOf(row: SandboxRow): string {
  const name = row.thread ?? `anonymous ${row.id.slice(0, 6)}`
  // A long thread's end tells it from its neighbours, too; and an ampersand would become a menu's underline.
  const cut = name.length > 40 ? `${name.slice(0, 22)}…${name.slice(-15)}` : name
  return cut.replaceAll('&', '&&')
}
