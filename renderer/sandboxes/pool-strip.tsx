import { useHouse } from '../frame/house/use-house.ts'
import { Button } from '../parts/buttons/button.tsx'
import { Menu } from '../parts/floats/menu.tsx'
import { sandboxesWords as words } from '../words/sandboxes.ts'
import type { SandboxRow } from '../../shared/state.ts'
import { useAsk } from './asking.ts'
import { nextAcquire } from './next-acquire.logic.ts'
import { NextWords } from './next-words.tsx'
import { Pier } from './pier.tsx'
import type { Grouping } from './rows.logic.ts'

/** Is there room, what happens next, and the end of everything. */
export function PoolStrip({ sandboxes, grouping, onGroup }: { sandboxes: readonly SandboxRow[]; grouping: Grouping; onGroup: (grouping: Grouping) => void }) {
  const house = useHouse((state) => state.house)
  const ask = useAsk()
  const slots = house.spares.slots.length
  return (
    <section className="strip pool" aria-label={words.capacity}>
      <Pier sandboxes={sandboxes} replicas={house.replicas} slots={slots} />
      <p>
        <span className="strong">{house.counted} of {house.replicas}</span> replicas
        {slots > 0 ? <><span className="dim"> · </span><span className="strong">{slots}</span> {slots === 1 ? 'slot' : 'slots'}</> : null}
      </p>
      <p className="dim cut next"><NextWords next={nextAcquire(house, sandboxes)} /></p>
      <div className="end">
        <Menu
          label={words.group.label}
          trigger={<Button kind="quiet" icon="filter"><span className="label">{words.group[grouping]}</span></Button>}
          items={(['state', 'holder', 'flat'] as const).map((one) => ({ label: words.group[one], icon: one === grouping ? ('check' as const) : undefined, run: () => onGroup(one) }))}
        />
        <Button kind="quiet" icon="power" onClick={() => ask({ what: 'shutdown' })}><span className="label">{words.shutDownAll}</span></Button>
      </div>
    </section>
  )
}
