import { use, useCallback, useEffect, useEffectEvent, useMemo, useRef, useState } from 'react'
import type { SandboxRow } from '../../../shared/state.ts'
import { useCommand } from '../../frame/commands/use-command.ts'
import { useHouse } from '../../frame/house/use-house.ts'
import { useSight } from '../../frame/house/use-sight.ts'
import { useFootKeys, type FootKey } from '../../frame/window/foot-keys.ts'
import { focusIsNowhere } from '../../frame/window/keep-focus.ts'
import { Page } from '../../frame/window/page.tsx'
import { Empty } from '../../parts/blocks/empty.tsx'
import { Button } from '../../parts/buttons/button.tsx'
import { CopyText } from '../../parts/buttons/copied.ts'
import { Filters } from '../../parts/buttons/filters.tsx'
import { SearchField } from '../../parts/fields/search-field.tsx'
import type { MenuItems } from '../../parts/floats/menu.tsx'
import { useToast } from '../../parts/floats/toasts.ts'
import { moved } from '../../parts/grid/grid.logic.ts'
import { useFormat } from '../../words/formats.ts'
import { sandboxesWords } from '../../words/sandboxes.ts'
import { execLine } from '../deeds/create.logic.ts'
import { useDeeds, type Deeds } from '../deeds/deeds.ts'
import { shortName } from '../deeds/names.ts'
import { HouseNotes } from '../notes/house-notes.tsx'
import { PoolStrip } from '../pool/pool-strip.tsx'
import type { Show, Sort } from './arrange.logic.ts'
import { BulkBar } from './bulk-bar.tsx'
import { GaugesContext, useGauges } from './gauge-store.ts'
import { ListFactsContext } from './list-facts.ts'
import { isHeld, RowDeedsContext, type RowDeeds } from './row-actions.tsx'
import { RowMenu, type MenuPlace } from './row-menu.tsx'
import { isSlot, nameOf, type ListRow } from './rows.logic.ts'
import { SandboxList } from './sandbox-list.tsx'
import { useArranged } from './use-arranged.ts'
import { useChosen, useView } from './use-view.ts'

const words = sandboxesWords
/** Never a lone key: what is pressed a moment too late, elsewhere, must end nothing. */
const destroyKeys = ['Mod+Backspace', 'Delete'] as const
const shows: readonly Show[] = ['all', 'active', 'warm', 'slots', 'failed']

/** The list with what narrows it, what is chosen in it, and what that can do. */
export function ListScreen() {
  const deeds = useDeeds()
  const gauges = useGauges()
  const [view, change] = useView()
  const arranged = useArranged(view, gauges)
  const sandboxes = useHouse((state) => state.sandboxes)
  const unknown = useSight() !== 'live'
  const facts = useMemo(() => ({ unknown }), [unknown])
  const [chosen, setChosen] = useChosen((id) => sandboxes[id] !== undefined)
  const [menu, setMenu] = useState<{ readonly id: string; readonly at: MenuPlace } | null>(null)
  const search = useRef<HTMLInputElement>(null)

  const current = chosen.current === null ? null : sandboxes[chosen.current] ?? null
  const selected = [...chosen.selected].flatMap((id) => sandboxes[id] ?? [])
  const acting = selected.length > 1 ? selected : current === null ? [] : [current]

  const rowOf = useEffectEvent((id: string, act: (row: SandboxRow) => void) => {
    const row = sandboxes[id]
    if (row) act(row)
  })
  // A menu opened on one of several chosen rows is about all of them; anywhere else it chooses its row first.
  const opened = useEffectEvent((id: string, at: MenuPlace) => {
    if (!chosen.selected.has(id)) setChosen(moved(id))
    setMenu({ id, at })
  })
  const openMenu = useCallback((id: string, at: MenuPlace) => opened(id, at), [])
  const rowDeeds = useMemo((): RowDeeds => ({
    terminal: deeds.terminal,
    open: deeds.open,
    release: (id) => rowOf(id, (row) => deeds.release([row])),
    destroy: (id) => rowOf(id, (row) => deeds.destroy([row])),
    cancel: (id) => rowOf(id, deeds.cancel),
    again: (id) => rowOf(id, deeds.again),
    dismiss: (id) => rowOf(id, deeds.dismiss),
    menu: openMenu,
  }), [deeds, openMenu])

  const sortBy = useEffectEvent((sort: Sort | null) => change({ sort }))
  const onSort = useCallback((sort: Sort | null) => sortBy(sort), [])
  const open = useCallback((row: ListRow) => { if (!isSlot(row)) deeds.open(row.id) }, [deeds])

  useListCommands(deeds, current, acting, () => search.current?.focus())
  // Wherever the focus is on this page, arrows lead into the list: to the row that is chosen, else to the first.
  const intoList = () => document.querySelector<HTMLElement>('.list [data-row][tabindex="0"]')?.focus()
  const back = useEffectEvent(() => { if (chosen.current !== null && focusIsNowhere(document)) intoList() })
  useEffect(() => back(), [])
  useCommand({ id: 'into-list', title: words.title, keys: ['ArrowDown', 'ArrowUp'], hidden: true, run: intoList })
  const clear = () => change({ find: '' })
  return (
    <ListFactsContext value={facts}>
      <GaugesContext value={gauges}>
        <RowDeedsContext value={rowDeeds}>
          <Page
            title={words.title}
            beside={<Filters label={words.show} value={view.show} onChange={(show) => change({ show })} options={shows.filter((show) => show === 'all' || arranged.counts[show] > 0 || show === view.show).map((show) => ({ value: show, label: words.shows[show], count: arranged.counts[show] }))} />}
            end={
              <>
                <SearchField
                  ref={search} label={words.filter.label} placeholder={words.filter.place} value={view.find} onChange={(find) => change({ find })} keys="/"
                  onKeyDown={(event) => {
                    if (event.key !== 'ArrowDown') return
                    event.preventDefault()
                    intoList()
                  }}
                  found={words.filter.found(arranged.shown, arranged.outOf)}
                />
                <Button kind="primary" icon="plus" aria-label={words.add} onClick={() => deeds.create()}><span className="label">{words.add}</span></Button>
              </>
            }
          >
            <HouseNotes />
            <PoolStrip by={view.by} onGroup={(by) => change({ by })} />
            <SandboxList
              arranged={arranged} view={view} onSort={onSort} chosen={chosen} onChoose={setChosen} onOpen={open} onMenu={openMenu}
              empty={<NoHits view={view} onClear={clear} onAll={() => change({ show: 'all' })} />}
            />
            {selected.length > 1 ? <BulkBar rows={selected} shown={arranged.shown} onClear={() => setChosen({ ...chosen, selected: new Set(chosen.current === null ? [] : [chosen.current]) })} /> : null}
          </Page>
          <Opened id={menu?.id ?? null} at={menu?.at ?? null} rows={menu === null ? [] : chosen.selected.size > 1 && chosen.selected.has(menu.id) ? selected : [sandboxes[menu.id] ?? []].flat()} onClose={() => setMenu(null)} />
        </RowDeedsContext>
      </GaugesContext>
    </ListFactsContext>
  )
}

function NoHits({ view, onClear, onAll }: { view: { readonly show: Show; readonly find: string }; onClear: () => void; onAll: () => void }) {
  const { none } = words
  const what = words.shows[view.show].toLowerCase()
  const find = view.find.trim()
  return (
    <Empty title={find === '' ? none.show(what) : view.show === 'all' ? none.find(find) : none.showFind(find, words.shows[view.show])}>
      {find === '' ? null : <Button kind="quiet" small onClick={onClear}>{none.clear}</Button>}
      {view.show === 'all' ? null : <Button kind="quiet" small onClick={onAll}>{none.all}</Button>}
    </Empty>
  )
}

/** Keys and palette entries of what is chosen, and what the foot says of them. */
function useListCommands(deeds: Deeds, current: SandboxRow | null, acting: readonly SandboxRow[], filter: () => void): void {
  const { actions } = words
  const group = acting.length > 1 ? words.bulk.selected(String(acting.length)) : current === null ? undefined : shortName(nameOf(current))
  const there = current !== null && current.status !== 'stopping'
  const opens = current !== null && isOpen(current)
  const held = acting.some(({ holders, status }) => holders.length > 0 && status === 'active')
  useCommand({ id: 'filter', title: words.filter.command, keys: ['/'], icon: 'search', run: filter })
  useCommand({ id: 'open-terminal', title: actions.terminal, keys: ['t'], icon: 'terminal', group, when: opens, run: () => { if (current) deeds.terminal(current.id) } })
  useCommand({ id: 'open-logs', title: actions.logs, keys: ['l'], icon: 'logs', group, when: there && current.status !== 'failed', run: () => { if (current) deeds.logs(current.id) } })
  useCommand({ id: 'release', title: actions.release, keys: ['r'], icon: 'castoff', group, when: held, run: () => deeds.release(acting) })
  useCommand({ id: 'destroy', title: actions.destroy, keys: destroyKeys, onRow: true, icon: 'trash', group, when: acting.length > 0, run: () => deeds.destroy(acting) })
  const keys: FootKey[] = current === null ? [['n', words.add], ['/', words.filter.place]] : [
    ['Enter', actions.open, 'row'], ...(opens ? [['t', 'Terminal'] as const] : there && current.status !== 'failed' ? [['l', 'Logs'] as const] : []), ...(held ? [['r', actions.release] as const] : []), [destroyKeys[0], actions.destroy, 'row'],
  ]
  useFootKeys(keys)
}

/** The menu of the row it was opened for, or of all that are chosen with it. */
function Opened({ id, at, rows, onClose }: { id: string | null; at: MenuPlace | null; rows: readonly SandboxRow[]; onClose: () => void }) {
  const deeds = useDeeds()
  const copy = use(CopyText)
  const toast = useToast()
  const format = useFormat()
  const [command, homeOption] = useHouse(({ house }) => [house.command, house.home_option])
  const { actions, bulk } = words
  const copied = (text: string) => void copy(text).then(() => toast({ status: 'gone', title: `${actions.copied}: ${text}` }), () => toast({ status: 'failed', title: text, stay: true }))
  const [row] = rows
  const label = row === undefined ? '' : rows.length > 1 ? bulk.selected(format.number(rows.length)) : actions.of(nameOf(row))
  const items: MenuItems = row === undefined ? [] : rows.length > 1 ? [
    { label: bulk.copy, icon: 'copy', run: () => copied(rows.map((one) => one.id).join('\n')) },
    'line',
    { label: bulk.release(rows.length), icon: 'castoff', keys: 'r', disabled: !rows.some(isHeld), run: () => deeds.release(rows) },
    { label: bulk.destroy(rows.length), icon: 'trash', keys: destroyKeys[0], bad: true, run: () => deeds.destroy(rows) },
  ] : [
    ...(isOpen(row) ? [{ label: actions.terminal, icon: 'terminal', keys: 't', run: () => deeds.terminal(row.id) } as const] : []),
    ...(row.status === 'failed' ? [{ label: actions.why, icon: 'info', run: () => deeds.open(row.id) } as const] : [{ label: actions.logs, icon: 'logs', keys: 'l', run: () => deeds.logs(row.id) } as const]),
    ...(isOpen(row) ? [{ label: actions.files, icon: 'folder', run: () => deeds.files(row.id) } as const] : []),
    ...(row.status === 'failed' && row.thread !== null ? [{ label: actions.again, icon: 'retry', run: () => deeds.again(row) } as const] : []),
    'line',
    ...(row.thread === null ? [] : [{ label: actions.copyThread, icon: 'copy', run: () => copied(row.thread ?? '') } as const]),
    { label: actions.copyId, icon: 'copy', run: () => copied(row.id) },
    { label: actions.copyExec, icon: 'copy', run: () => copied(execLine({ command, home_option: homeOption }, row)) },
    'line',
    ...(isHeld(row) ? [{ label: actions.release, icon: 'castoff', keys: 'r', run: () => deeds.release([row]) } as const] : []),
    row.status === 'failed' ? { label: actions.dismiss, icon: 'close', run: () => deeds.dismiss(row) } : { label: actions.destroy, icon: 'trash', keys: destroyKeys[0], bad: true, run: () => deeds.destroy([row]) },
  ]
  return <RowMenu label={label} items={items} at={row === undefined ? null : at} onClose={onClose} back={() => id === null ? null : document.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"]`)} />
}

/** Somebody can be let in. */
function isOpen({ status }: SandboxRow): boolean {
  return status !== 'failed' && status !== 'creating' && status !== 'stopping'
}
