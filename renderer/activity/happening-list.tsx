import { useMemo, useState } from 'react'
import { useFormat } from '../words/formats.ts'
import { Filters } from '../parts/buttons/filters.tsx'
import { Empty } from '../parts/blocks/empty.tsx'
import type { Column } from '../parts/grid/columns.ts'
import { nothingChosen, type Chosen } from '../parts/grid/grid.logic.ts'
import { Grid } from '../parts/grid/grid.tsx'
import { activityWords as words } from '../words/activity.ts'
import { useActors } from '../frame/house/use-actors.ts'
import { Sign } from './sign.tsx'
import type { Happening, Sign as SignName } from './story.logic.ts'

const signs = ['slot', 'cold', 'reclaimed', 'evicted', 'reaped', 'failed'] as const

/** What happened, newest first; the chosen one is marked in the picture above. */
export function HappeningList({ all, onChoose, onOpen }: { all: readonly Happening[]; onChoose: (it: Happening | null) => void; onOpen: (it: Happening) => void }) {
  const format = useFormat()
  const actor = useActors()
  const [filter, setFilter] = useState<'all' | Exclude<SignName, 'other'>>('all')
  const [chosen, setChosen] = useState<Chosen>(nothingChosen)
  const shown = useMemo(() => (filter === 'all' ? all : all.filter(({ sign }) => sign === filter)), [all, filter])
  const columns = useMemo((): readonly Column<Happening>[] => [
    { id: 'when', title: words.columns.when, className: 'c-when mid', cell: ({ at }) => format.clock(new Date(at)) },
    { id: 'thread', title: words.columns.thread, head: true, className: 'c-thread', cell: ({ sign, name }) => <span className="evt">{sign === 'other' ? null : <Sign sign={sign} />}<span className="strong cut">{name}</span></span> },
    { id: 'what', title: words.columns.what, className: 'mid', cell: ({ text }) => <span title={text}>{text}</span> },
    { id: 'who', title: words.columns.who, className: 'c-who mid', cell: ({ who }) => actor(who).name },
    { id: 'took', title: words.columns.took, className: 'c-took mid', num: true, cell: ({ tookMs }) => (tookMs === null ? '' : format.duration(tookMs)) },
  ], [format, actor])
  const choose = (next: Chosen) => {
    setChosen(next)
    onChoose(shown.find(({ seq }) => String(seq) === next.current) ?? null)
  }
  return (
    <>
      <div className="strip key" role="group" aria-label={words.show}>
        <Filters
          label={words.show} value={filter} onChange={setFilter}
          options={[{ value: 'all', label: words.all, count: all.length }, ...signs.map((sign) => ({ value: sign, label: words[sign], count: all.filter((it) => it.sign === sign).length })).filter(({ count }) => count > 0)]}
        />
        <div className="end bars" aria-hidden="true">{(['active', 'warm', 'paused'] as const).map((state) => <span key={state}><i className={state} />{words[state]}</span>)}</div>
      </div>
      <Grid
        label={words.events} className="evlist" columns={columns} groups={[{ id: 'all', rows: shown }]} id={({ seq }) => String(seq)} text={({ name }) => name} chosen={chosen} onChoose={choose} onOpen={onOpen}
        empty={<Empty title={all.length === 0 ? words.none : words.noMatch}>{all.length === 0 ? words.noneHow : null}</Empty>}
      />
    </>
  )
}
