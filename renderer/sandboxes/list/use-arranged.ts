import { useMemo, useRef, useState } from 'react'
import type { SandboxRow, SlotRow } from '../../../shared/state.ts'
import { useHouse } from '../../frame/house/use-house.ts'
import { arrange, noMemory, type Arranged, type View } from './arrange.logic.ts'
import { cpuShare } from './gauges.logic.ts'
import type { GaugeStore } from './gauge-store.ts'
import { parseQuery } from './query.logic.ts'
import type { ListRow } from './rows.logic.ts'

/** The list's rows as the view wants them, in an order that holds. */
export function useArranged(view: View, gauges: GaugeStore): Arranged {
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
