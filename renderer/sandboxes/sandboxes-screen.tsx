import { useCallback, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import { useCommand } from '../frame/commands/use-command.ts'
import { useHouse } from '../frame/house/use-house.ts'
import { go } from '../frame/route.ts'
import { useFootKeys } from '../frame/window/foot-keys.ts'
import { Page } from '../frame/window/page.tsx'
import { Button } from '../parts/buttons/button.tsx'
import { Filters } from '../parts/buttons/filters.tsx'
import { Empty } from '../parts/blocks/empty.tsx'
import { SearchField } from '../parts/fields/search-field.tsx'
import { Grid } from '../parts/grid/grid.tsx'
import { nothingChosen } from '../parts/grid/grid.logic.ts'
import { sandboxesWords as words } from '../words/sandboxes.ts'
import type { SandboxRow } from '../../shared/state.ts'
import { useAsk } from './asking.ts'
import { BulkBar } from './bulk-bar.tsx'
import { columnsOf } from './columns.tsx'
import { EngineMissing } from './engine-missing.tsx'
import { FirstRun } from './first-run.tsx'
import { Notes } from './notes.tsx'
import { PoolStrip } from './pool-strip.tsx'
import { wholeRow } from './row-cells.tsx'
import { counts, groupsOf, nextSorting, rowMaker, type Filter, type Grouping, type Row, type Sorting } from './rows.logic.ts'
import { useActions } from './use-actions.ts'
import { useGauges } from './use-gauges.ts'

/** The home screen: which run, for whom, until when. */
export function SandboxesScreen() {
  const [byId, house] = useHouse((state) => [state.sandboxes, state.house])
  const all = useMemo(() => Object.values(byId), [byId])
  const nothing = all.length === 0
  const missing = house.backend.kind === 'none' || !house.backend.reachable
  if (nothing && missing) return <Page title={words.title}><EngineMissing /></Page>
  if (nothing) return <Page title={words.title} end={<NewButton />}><Notes /><FirstRun /></Page>
  return <List all={all} />
}

function NewButton({ primary = false }: { primary?: boolean }) {
  const ask = useAsk()
  return <Button kind={primary ? 'primary' : 'plain'} icon="plus" onClick={() => ask({ what: 'create' })}><span className="label">{words.newSandbox}</span></Button>
}

function List({ all }: { all: readonly SandboxRow[] }) {
  const slots = useHouse((state) => state.house.spares.slots)
  const courses = useGauges()
  const ask = useAsk()
  const actions = useActions()
  const search = useRef<HTMLInputElement>(null)
  const [maker] = useState(rowMaker)
  const [filter, setFilter] = useState<Filter>('all')
  const [text, setText] = useState('')
  const [grouping, setGrouping] = useState<Grouping>('state')
  const [sorting, setSorting] = useState<Sorting | null>(null)
  const [chosen, setChosen] = useState(nothingChosen)
  const measured = sorting?.by === 'cpu' || sorting?.by === 'memory' ? courses : null
  const groups = useMemo(
    () => groupsOf({ sandboxes: all, slots }, { filter, search: text, grouping, sorting }, (id) => measured?.get(id)?.last ?? null, maker, words.groups),
    [all, slots, filter, text, grouping, sorting, measured, maker],
  )
  const number = useMemo(() => counts(all, slots), [all, slots])
  const sort = useCallback((by: Sorting['by']) => setSorting((now) => nextSorting(now, by)), [])
  const columns = useMemo(() => columnsOf(courses, sorting, sort), [courses, sorting, sort])
  const picked = all.filter(({ id }) => chosen.selected.has(id))
  const current = all.find(({ id }) => id === chosen.current) ?? null
  const subjects = picked.length > 1 ? picked : current ? [current] : []

  useCommand({ id: 'filter', title: 'Filter sandboxes', icon: 'search', keys: ['/'], run: () => search.current?.focus() })
  const detail = current?.thread ?? current?.id
  const group = detail === undefined ? undefined : detail
  useCommand(current && { id: 'open-terminal', title: words.actions.terminal, icon: 'terminal', keys: ['t'], group, run: () => actions.openTerminal(current) })
  useCommand(current && { id: 'open-logs', title: words.actions.logs, icon: 'logs', keys: ['l'], group, run: () => go('sandboxes', current.id, 'logs') })
  useCommand(current && { id: 'release', title: words.actions.release, icon: 'castoff', keys: ['r'], group, when: subjects.some(({ holders }) => holders.length > 0), run: () => ask({ what: 'release', sandboxes: subjects }) })
  useCommand(current && { id: 'destroy', title: words.actions.destroy, icon: 'trash', keys: ['Backspace', 'Delete'], group, run: () => ask({ what: 'destroy', sandboxes: subjects }) })
  useFootKeys(current ? [['Enter', 'Open'], ['t', 'Terminal'], ['r', 'Release'], ['Backspace', 'Destroy']] : [['n', words.newSandbox], ['/', 'Filter']])

  const open = useCallback((row: Row) => {
    if (row.kind === 'sandbox') go('sandboxes', row.sandbox.id)
  }, [])
  const clear = () => {
    setText('')
    setFilter('all')
  }
  // From the field straight into what it found.
  const intoList = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowDown') return
    event.preventDefault()
    document.querySelector<HTMLElement>('.list [data-row]')?.focus()
  }
  const options = (['all', 'active', 'warm', 'slots', 'failed'] as const)
    .filter((value) => value !== 'slots' || number.slots > 0)
    .map((value) => ({ value, label: words.filter[value], count: number[value] }))
  const found = groups.reduce((sum, { rows }) => sum + rows.length, 0)

  return (
    <Page
      title={words.title}
      beside={<Filters label={words.filter.label} value={filter} options={options} onChange={setFilter} />}
      end={<>
        <SearchField ref={search} label={words.filter.search} keys="/" value={text} onChange={setText} found={`${found} of ${number.all}`} onKeyDown={intoList} />
        <NewButton primary />
      </>}
    >
      <Notes />
      {picked.length > 1 ? <BulkBar chosen={picked} onClear={() => setChosen(nothingChosen)} /> : <PoolStrip sandboxes={all} grouping={grouping} onGroup={setGrouping} />}
      <Grid
        label={words.title} className="sandboxes" columns={columns} groups={groups} id={rowId} text={rowText} chosen={chosen} onChoose={setChosen} onOpen={open}
        reserved="tlrn/?g" cells={wholeRow} rowClass={rowClass}
        empty={<Empty title={words.empty.filtered}><button type="button" className="btn small" onClick={clear}>{words.empty.clear}</button></Empty>}
      />
    </Page>
  )
}

const rowId = (row: Row): string => row.id
const rowText = (row: Row): string => (row.kind === 'sandbox' ? row.sandbox.thread ?? row.sandbox.id : words.slot(row.n))
const rowClass = (row: Row): string | undefined => (row.kind === 'sandbox' && row.sandbox.status === 'failed' ? 'tall' : undefined)
