import { use, useCallback, useEffect, useEffectEvent, useMemo, useRef, useState } from 'react'
import type { SandboxRow, SlotRow } from '../../../shared/state.ts'
import { useCommand } from '../../commands/command.ts'
import { useHouse, useSight } from '../../state/contexts.ts'
import { type FootKey, useFootKeys } from '../../commands/foot-keys.ts'
import { focusIsNowhere } from '../../parts/keep-focus.ts'
import { Page } from '../../parts/page.tsx'
import { Empty } from '../../parts/blocks.tsx'
import { Button, CopyText, Filters, useCopied } from '../../parts/buttons.tsx'
import { SearchField } from '../../parts/fields.tsx'
import type { MenuItems } from '../../parts/overlays.tsx'
import { useToast } from '../../parts/toasts.ts'
import { type Chosen, moved, nothingChosen } from '../../parts/grid/grid.logic.ts'
import { useFormat } from '../../words/format.ts'
import { sandboxesWords } from '../../words/sandboxes.ts'
import { execLine } from '../../actions/create.logic.ts'
import { type SandboxActions, shortName, useSandboxActions } from '../../actions/actions.ts'
import { HouseNotes } from '../notes.tsx'
import { PoolStrip } from '../pool-strip.tsx'
import { arrange, type Arranged, noMemory, parseQuery, plainView, type Show, type Sort, type View } from './arrange.logic.ts'
import { isSlot, type ListRow, nameOf } from '../../state/rows.logic.ts'
import { GaugesContext, type GaugeStore, ListFactsContext, useGauges } from './gauge-store.ts'
import { destroyKeys, isHeld, isOpen, type ListActions, ListActionsContext, type ListDoing, menuOf, type MenuPlace, RowMenu } from './row-actions.tsx'
import { SandboxList } from './sandbox-list.tsx'
import { Kbd } from '../../parts/indicators.tsx'
import { cpuShare } from './gauges.logic.ts'

const words = sandboxesWords
const shows: readonly Show[] = ['all', 'active', 'warm', 'slots', 'failed']

/** The list with what narrows it, what is chosen in it, and what that can do. */
export function ListScreen() {
  const sandboxActions = useSandboxActions()
  const gauges = useGauges()
  const [view, change] = useView()
  const arranged = useArranged(view, gauges)
  const sandboxes = useHouse((state) => state.sandboxes)
  const unknown = useSight() !== 'live'
  const facts = useMemo(() => ({ unknown }), [unknown])
  const [chosen, setChosen] = useChosen((id) => sandboxes[id] !== undefined)
  const [menu, setMenu] = useState<{ readonly id: string; readonly at: MenuPlace } | null>(null)
  const search = useRef<HTMLInputElement>(null)

  const current = chosen.current === null ? null : (sandboxes[chosen.current] ?? null)
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
  const doing = useListDoing()
  const listActions = useMemo(
    (): ListActions => ({
      act: (id, { run }) => rowOf(id, (row) => run(doing, row)),
      menu: openMenu,
    }),
    [doing, openMenu],
  )

  const sortBy = useEffectEvent((sort: Sort | null) => change({ sort }))
  const onSort = useCallback((sort: Sort | null) => sortBy(sort), [])
  const open = useCallback(
    (row: ListRow) => {
      if (!isSlot(row)) sandboxActions.open(row.id)
    },
    [sandboxActions],
  )

  useListCommands(sandboxActions, current, acting, () => search.current?.focus())
  // Wherever the focus is on this page, arrows lead into the list: to the row that is chosen, else to the first.
  const intoList = () => document.querySelector<HTMLElement>('.list [data-row][tabindex="0"]')?.focus()
  const back = useEffectEvent(() => {
    if (chosen.current !== null && focusIsNowhere(document)) intoList()
  })
  useEffect(() => back(), [])
  useCommand({ id: 'into-list', title: words.title, keys: ['ArrowDown', 'ArrowUp'], hidden: true, run: intoList })
  const clear = () => change({ find: '' })
  return (
    <ListFactsContext value={facts}>
      <GaugesContext value={gauges}>
        <ListActionsContext value={listActions}>
          <Page
            title={words.title}
            beside={
              <Filters
                label={words.show}
                value={view.show}
                onChange={(show) => change({ show })}
                options={shows
                  .filter((show) => show === 'all' || arranged.counts[show] > 0 || show === view.show)
                  .map((show) => ({ value: show, label: words.shows[show], count: arranged.counts[show] }))}
              />
            }
            end={
              <>
                <SearchField
                  ref={search}
                  label={words.filter.label}
                  placeholder={words.filter.place}
                  value={view.find}
                  onChange={(find) => change({ find })}
                  keys="/"
                  onKeyDown={(event) => {
                    if (event.key !== 'ArrowDown') return
                    event.preventDefault()
                    intoList()
                  }}
                  found={words.filter.found(arranged.shown, arranged.outOf)}
                />
                <Button kind="primary" icon="plus" aria-label={words.add} onClick={() => sandboxActions.create()}>
                  <span className="label">{words.add}</span>
                </Button>
              </>
            }
          >
            <HouseNotes />
            <PoolStrip by={view.by} onGroup={(by) => change({ by })} />
            <SandboxList
              arranged={arranged}
              view={view}
              onSort={onSort}
              chosen={chosen}
              onChoose={setChosen}
              onOpen={open}
              onMenu={openMenu}
              empty={<NoHits view={view} onClear={clear} onAll={() => change({ show: 'all' })} />}
            />
            {selected.length > 1 ? (
              <BulkBar
                rows={selected}
                shown={arranged.shown}
                onClear={() => setChosen({ ...chosen, selected: new Set(chosen.current === null ? [] : [chosen.current]) })}
              />
            ) : null}
          </Page>
          <Opened
            id={menu?.id ?? null}
            at={menu?.at ?? null}
            rows={menu === null ? [] : chosen.selected.size > 1 && chosen.selected.has(menu.id) ? selected : [sandboxes[menu.id] ?? []].flat()}
            onClose={() => setMenu(null)}
          />
        </ListActionsContext>
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
      {find === '' ? null : (
        <Button kind="quiet" small onClick={onClear}>
          {none.clear}
        </Button>
      )}
      {view.show === 'all' ? null : (
        <Button kind="quiet" small onClick={onAll}>
          {none.all}
        </Button>
      )}
    </Empty>
  )
}

/** Keys and palette entries of what is chosen, and what the foot says of them. */
function useListCommands(sandboxActions: SandboxActions, current: SandboxRow | null, acting: readonly SandboxRow[], filter: () => void): void {
  const { actions } = words
  const group = acting.length > 1 ? words.bulk.selected(String(acting.length)) : current === null ? undefined : shortName(nameOf(current))
  const there = current !== null && current.status !== 'stopping'
  const opens = current !== null && isOpen(current)
  const held = acting.some(({ holders, status }) => holders.length > 0 && status === 'active')
  useCommand({ id: 'filter', title: words.filter.command, keys: ['/'], icon: 'search', run: filter })
  useCommand({
    id: 'open-terminal',
    title: actions.terminal,
    keys: ['t'],
    icon: 'terminal',
    group,
    when: opens,
    run: () => {
      if (current) sandboxActions.terminal(current.id)
    },
  })
  useCommand({
    id: 'open-logs',
    title: actions.logs,
    keys: ['l'],
    icon: 'logs',
    group,
    when: there && current.status !== 'failed',
    run: () => {
      if (current) sandboxActions.logs(current.id)
    },
  })
  useCommand({ id: 'release', title: actions.release, keys: ['r'], icon: 'castoff', group, when: held, run: () => sandboxActions.release(acting) })
  useCommand({
    id: 'destroy',
    title: actions.destroy,
    keys: destroyKeys,
    onRow: true,
    icon: 'trash',
    group,
    when: acting.length > 0,
    run: () => sandboxActions.destroy(acting),
  })
  const keys: FootKey[] =
    current === null
      ? [
          ['n', words.add],
          ['/', words.filter.place],
        ]
      : [
          ['Enter', actions.open, 'row'],
          ...(opens ? [['t', 'Terminal'] as const] : there && current.status !== 'failed' ? [['l', 'Logs'] as const] : []),
          ...(held ? [['r', actions.release] as const] : []),
          [destroyKeys[0], actions.destroy, 'row'],
        ]
  useFootKeys(keys)
}

/** The menu of the row it was opened for, or of all that are chosen with it. */
function Opened({ id, at, rows, onClose }: { id: string | null; at: MenuPlace | null; rows: readonly SandboxRow[]; onClose: () => void }) {
  const doing = useListDoing()
  const format = useFormat()
  const { actions, bulk } = words
  const [row] = rows
  const label = row === undefined ? '' : rows.length > 1 ? bulk.selected(format.number(rows.length)) : actions.of(nameOf(row))
  const items: MenuItems =
    row === undefined
      ? []
      : rows.length > 1
        ? [
            { label: bulk.copy, icon: 'copy', run: () => doing.copied(rows.map((one) => one.id).join('\n')) },
            'line',
            { label: bulk.release(rows.length), icon: 'castoff', keys: 'r', disabled: !rows.some(isHeld), run: () => doing.release(rows) },
            { label: bulk.destroy(rows.length), icon: 'trash', keys: destroyKeys[0], bad: true, run: () => doing.destroy(rows) },
          ]
        : menuOf(row, doing)
  return (
    <RowMenu
      label={label}
      items={items}
      at={row === undefined ? null : at}
      onClose={onClose}
      back={() => (id === null ? null : document.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"]`))}
    />
  )
}

/** The same for as long as the list: what it needs of the house is asked when something is done. */
function useListDoing(): ListDoing {
  const sandboxActions = useSandboxActions()
  const copy = use(CopyText)
  const toast = useToast()
  const [command, homeOption] = useHouse(({ house }) => [house.command, house.home_option])
  const copied = useEffectEvent(
    (text: string) =>
      void copy(text).then(
        () => toast({ status: 'gone', title: `${words.actions.copied}: ${text}` }),
        () => toast({ status: 'failed', title: text, stay: true }),
      ),
  )
  const lineOf = useEffectEvent((row: SandboxRow) => execLine({ command, home_option: homeOption }, row))
  return useMemo((): ListDoing => ({ ...sandboxActions, copied: (text) => copied(text), execLine: (row) => lineOf(row) }), [sandboxActions])
}

/** What several chosen rows can do together; it takes the place of the foot. */
function BulkBar({ rows, shown, onClear }: { rows: readonly SandboxRow[]; shown: number; onClear: () => void }) {
  const words = sandboxesWords.bulk
  const sandboxActions = useSandboxActions()
  const format = useFormat()
  const { copied, copy } = useCopied()
  const working = rows.filter(({ commands }) => commands.length > 0).length
  const held = rows.some(({ holders }) => holders.length > 0)
  return (
    <div className="foot bulk" role="toolbar" aria-label={words.label}>
      <span className="strong" role="status">
        {words.selected(format.number(rows.length))}
      </span>
      {working === 0 ? null : <span className="dim">{working === rows.length ? words.allWorking : words.someWorking(working)}</span>}
      <span className="group">
        <Button kind="quiet" small icon="castoff" disabled={!held} onClick={() => sandboxActions.release(rows)}>
          {sandboxesWords.actions.release}
        </Button>
        <Button kind="quiet" small bad icon="trash" onClick={() => sandboxActions.destroy(rows)}>
          {words.destroy(rows.length)}
        </Button>
        <Button kind="quiet" small icon={copied === 'yes' ? 'check' : 'copy'} onClick={() => copy(rows.map(({ id }) => id).join('\n'))}>
          {copied === 'yes' ? sandboxesWords.actions.copied : words.copy}
        </Button>
      </span>
      <span className="keys">
        <span aria-hidden="true">
          <Kbd keys="Shift+ArrowDown" /> {words.extend}
        </span>
        <span aria-hidden="true">
          <Kbd keys="Mod+a" /> {words.all(format.number(shown))}
        </span>
        <span>
          <Button kind="quiet" small onClick={onClear}>
            <Kbd keys="Escape" /> {words.clear}
          </Button>
        </span>
      </span>
    </div>
  )
}

/** The list's rows as the view wants them, in an order that holds. */
function useArranged(view: View, gauges: GaugeStore): Arranged {
  const sandboxes = useHouse((state) => state.sandboxes)
  const slots = useSlots()
  const rows = useMemo((): ListRow[] => [...Object.values<SandboxRow>(sandboxes), ...slots], [sandboxes, slots])
  const query = useMemo(() => parseQuery(view.find), [view.find])
  // The order of the moment before is what the next one is made of: kept beside, as it is no state that is shown.
  const [memory] = useState(() => ({ last: noMemory }))
  return useMemo(() => {
    const used = (id: string) => {
      const last = gauges.get(id)?.last ?? null
      return { cpu: cpuShare(last), memory: last?.memory ?? null }
    }
    const arranged = arrange(rows, view, query, used, memory.last)
    memory.last = arranged.memory
    return arranged
  }, [rows, view, query, gauges, memory])
}

/** Slots come with the house, which changes at every event: the same slots stay the same objects. */
function useSlots(): readonly SlotRow[] {
  const slots = useHouse(({ house }) => house.spares.slots)
  const last = useRef<{ text: string; slots: readonly SlotRow[] }>({ text: '', slots: [] })
  const text = JSON.stringify(slots)
  if (text !== last.current.text) last.current = { text, slots }
  return last.current.slots
}

const key = 'berth.sandboxes'
const chosenKey = 'berth.sandboxes.chosen'

/** How the list is looked at: kept for this window, so that the way back from a sandbox leads to the same list. */
function useView(): [View, (change: Partial<View>) => void] {
  const [view, setView] = useState(read)
  return [
    view,
    (change) => {
      const next = { ...view, ...change }
      sessionStorage.setItem(key, JSON.stringify(next))
      setView(next)
    },
  ]
}

/** What is chosen in it, kept for the same way back; `there` tells what is still in the list by then. */
function useChosen(there: (id: string) => boolean): [Chosen, (next: Chosen) => void] {
  const [chosen, setChosen] = useState(() => readChosen(there))
  return [
    chosen,
    (next) => {
      sessionStorage.setItem(chosenKey, JSON.stringify({ ...next, selected: [...next.selected] }))
      setChosen(next)
    },
  ]
}

function readChosen(there: (id: string) => boolean): Chosen {
  const kept = sessionStorage.getItem(chosenKey)
  if (kept === null) return nothingChosen
  const { current, selected, anchor } = JSON.parse(kept) as { current: string | null; selected: string[]; anchor: string | null }
  return current === null || !there(current) ? nothingChosen : { current, selected: new Set(selected.filter(there)), anchor }
}

function read(): View {
  const kept = sessionStorage.getItem(key)
  return kept === null ? plainView : { ...plainView, ...(JSON.parse(kept) as Partial<View>) }
}
