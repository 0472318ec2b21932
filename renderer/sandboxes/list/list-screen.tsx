import { use, useCallback, useEffectEvent, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import type { SandboxRow } from '../../../shared/state.ts'
import { useCommand } from '../../frame/commands/use-command.ts'
import { useHouse } from '../../frame/house/use-house.ts'
import { useFootKeys, type FootKey } from '../../frame/window/foot-keys.ts'
import { Page } from '../../frame/window/page.tsx'
import { Empty } from '../../parts/blocks/empty.tsx'
import { Button } from '../../parts/buttons/button.tsx'
import { CopyText } from '../../parts/buttons/copied.ts'
import { Filters } from '../../parts/buttons/filters.tsx'
import { SearchField } from '../../parts/fields/search-field.tsx'
import type { MenuItems } from '../../parts/floats/menu.tsx'
import { useToast } from '../../parts/floats/toasts.ts'
import { nothingChosen } from '../../parts/grid/grid.logic.ts'
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
import { RowDeedsContext, type RowDeeds } from './row-actions.tsx'
import { RowMenu, type MenuPlace } from './row-menu.tsx'
import { isSlot, nameOf, type ListRow } from './rows.logic.ts'
import { SandboxList } from './sandbox-list.tsx'
import { useArranged } from './use-arranged.ts'
import { useView } from './use-view.ts'

const words = sandboxesWords
const shows: readonly Show[] = ['all', 'active', 'warm', 'slots', 'failed']

/** The list with what narrows it, what is chosen in it, and what that can do. */
export function ListScreen() {
  const deeds = useDeeds()
  const gauges = useGauges()
  const [view, change] = useView()
  const arranged = useArranged(view, gauges)
  const sandboxes = useHouse((state) => state.sandboxes)
  const [idle, unknown] = useHouse(({ house }) => [house.idle_timeout, house.backend.kind !== 'none' && !house.backend.reachable])
  const facts = useMemo(() => ({ idle, unknown }), [idle, unknown])
  const [chosen, setChosen] = useState(nothingChosen)
  const [menu, setMenu] = useState<{ readonly id: string; readonly at: MenuPlace } | null>(null)
  const search = useRef<HTMLInputElement>(null)

  const current = chosen.current === null ? null : sandboxes[chosen.current] ?? null
  const selected = [...chosen.selected].flatMap((id) => sandboxes[id] ?? [])
  const acting = selected.length > 1 ? selected : current === null ? [] : [current]

  const rowOf = useEffectEvent((id: string, act: (row: SandboxRow) => void) => {
    const row = sandboxes[id]
    if (row) act(row)
  })
  const openMenu = useCallback((id: string, at: MenuPlace) => setMenu({ id, at }), [])
  const rowDeeds = useMemo((): RowDeeds => ({
    terminal: deeds.terminal,
    logs: deeds.logs,
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

  // From the field straight into what it found.
  const intoList = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowDown') return
    event.preventDefault()
    document.querySelector<HTMLElement>('.list [data-row]')?.focus()
  }
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
                  ref={search} label={words.filter.label} placeholder={words.filter.place} value={view.find} onChange={(find) => change({ find })} keys="/" onKeyDown={intoList}
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
            {selected.length > 1 ? <BulkBar rows={selected} shown={arranged.shown} onClear={() => setChosen((now) => ({ ...now, selected: new Set(now.current === null ? [] : [now.current]) }))} /> : null}
          </Page>
          <Opened id={menu?.id ?? null} at={menu?.at ?? null} row={menu === null ? null : sandboxes[menu.id] ?? null} onClose={() => setMenu(null)} />
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
  const opens = there && current.status !== 'failed' && current.status !== 'creating'
  const held = acting.some(({ holders, status }) => holders.length > 0 && status === 'active')
  useCommand({ id: 'filter', title: words.filter.command, keys: ['/'], icon: 'search', run: filter })
  useCommand({ id: 'open-terminal', title: actions.terminal, keys: ['t'], icon: 'terminal', group, when: opens, run: () => { if (current) deeds.terminal(current.id) } })
  useCommand({ id: 'open-logs', title: actions.logs, keys: ['l'], icon: 'logs', group, when: there, run: () => { if (current) deeds.logs(current.id) } })
  useCommand({ id: 'release', title: actions.release, keys: ['r'], icon: 'castoff', group, when: held, run: () => deeds.release(acting) })
  useCommand({ id: 'destroy', title: actions.destroy, keys: ['Backspace', 'Delete'], icon: 'trash', group, when: acting.length > 0, run: () => deeds.destroy(acting) })
  const keys: FootKey[] = current === null ? [['n', words.add], ['/', words.filter.place]] : [
    ['Enter', actions.open], ...(opens ? [['t', 'Terminal'] as const] : there ? [['l', 'Logs'] as const] : []), ...(held ? [['r', actions.release] as const] : []), ['Backspace', actions.destroy],
  ]
  useFootKeys(keys)
}

/** The menu of the row it was opened for. */
function Opened({ id, at, row, onClose }: { id: string | null; at: MenuPlace | null; row: SandboxRow | null; onClose: () => void }) {
  const deeds = useDeeds()
  const copy = use(CopyText)
  const toast = useToast()
  const { actions } = words
  const copied = (text: string) => copy(text).then(() => toast({ status: 'gone', title: `${actions.copied}: ${text}` }), () => toast({ status: 'failed', title: text, stay: true }))
  const opens = row !== null && row.status !== 'failed' && row.status !== 'creating' && row.status !== 'stopping'
  const items: MenuItems = row === null ? [] : [
    ...(opens ? [{ label: actions.terminal, icon: 'terminal', keys: 't', run: () => deeds.terminal(row.id) } as const] : []),
    { label: actions.logs, icon: 'logs', keys: 'l', run: () => deeds.logs(row.id) },
    ...(opens ? [{ label: actions.files, icon: 'folder', run: () => deeds.files(row.id) } as const] : []),
    ...(row.status === 'failed' && row.thread !== null ? [{ label: actions.again, icon: 'retry', run: () => deeds.again(row) } as const] : []),
    'line',
    { label: actions.copyId, icon: 'copy', run: () => void copied(row.id) },
    { label: actions.copyExec, icon: 'copy', run: () => void copied(execLine(row)) },
    'line',
    ...(row.holders.length > 0 ? [{ label: actions.release, icon: 'castoff', keys: 'r', run: () => deeds.release([row]) } as const] : []),
    row.status === 'failed' ? { label: actions.dismiss, icon: 'close', run: () => deeds.dismiss(row) } : { label: actions.destroy, icon: 'trash', keys: 'Backspace', bad: true, run: () => deeds.destroy([row]) },
  ]
  return <RowMenu label={row === null ? '' : actions.of(nameOf(row))} items={items} at={row === null ? null : at} onClose={onClose} back={() => id === null ? null : document.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"]`)} />
}
