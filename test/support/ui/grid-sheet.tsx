import { useMemo, useState } from 'react'
import { IconButton } from '../../../renderer/parts/buttons.tsx'
import type { Column } from '../../../renderer/parts/grid/columns.ts'
import { Grid } from '../../../renderer/parts/grid/grid.tsx'
import { nothingChosen } from '../../../renderer/parts/grid/grid.logic.ts'
import { Status } from '../../../renderer/parts/indicators.tsx'

interface Item {
  readonly id: string
  readonly name: string
  readonly size: number
}

const names = ['alpha', 'beta', 'bravo', 'charlie', 'delta', 'tango', 'lima']

/** Two grids: one of seven rows in two groups, one of a thousand. `window.drop(id)` takes a row of the first away. */
export function GridSheet({ say }: { say: (what: string) => void }) {
  const [gone, setGone] = useState<readonly string[]>([])
  const [chosen, setChosen] = useState(nothingChosen)
  const [chosenOfMany, setChosenOfMany] = useState(nothingChosen)
  const [down, setDown] = useState(false)
  const items = useMemo(() => names.filter((name) => !gone.includes(name)).map((name, size): Item => ({ id: name, name, size })), [gone])
  const many = useMemo(() => Array.from({ length: 1000 }, (_, n): Item => ({ id: `row${n}`, name: `row ${n}`, size: n })), [])
  Object.assign(window, { drop: (id: string) => setGone((all) => [...all, id]) })
  const columns = useMemo(
    (): Column<Item>[] => [
      { id: 'status', title: 'Status', cell: () => <Status status="active" /> },
      { id: 'name', title: 'Name', head: true, cell: ({ name }) => <span className="strong">{name}</span> },
      { id: 'size', title: 'Size', num: true, sort: down ? 'descending' : 'ascending', onSort: () => setDown((was) => !was), cell: ({ size }) => size },
      {
        id: 'acts',
        title: 'Actions',
        hideTitle: true,
        className: 'actions',
        cell: ({ name }) => (
          <span className="group">
            <IconButton icon="terminal" label={`Open terminal in ${name}`} small onClick={() => say(`terminal ${name}`)} />
            <IconButton icon="more" label={`More of ${name}`} small />
          </span>
        ),
      },
    ],
    [down, say],
  )
  const half = down ? [...items].reverse() : items
  return (
    <div style={{ display: 'grid', gridTemplateColumns: '1fr 1fr', height: 320 }}>
      <Grid
        label="Few"
        columns={columns}
        groups={[
          { id: 'a', title: 'First', why: 'the first three', rows: half.slice(0, 3) },
          { id: 'b', title: 'Rest', rows: half.slice(3) },
        ]}
        id={idOf}
        text={nameOf}
        chosen={chosen}
        onChoose={setChosen}
        onOpen={({ name }) => say(`open ${name}`)}
        reserved="tl"
        onKey={(event, row) => {
          if (event.key !== 't' || row === null) return false
          say(`t ${row.name}`)
          return true
        }}
      />
      <Grid
        label="Many"
        columns={columns}
        groups={[{ id: 'all', rows: many }]}
        id={idOf}
        text={nameOf}
        chosen={chosenOfMany}
        onChoose={setChosenOfMany}
        onOpen={({ name }) => say(`open ${name}`)}
      />
      <output hidden data-chosen={[...chosen.selected].join(' ')} data-current={chosen.current} data-many={chosenOfMany.current} />
    </div>
  )
}

const idOf = ({ id }: Item) => id
const nameOf = ({ name }: Item) => name
