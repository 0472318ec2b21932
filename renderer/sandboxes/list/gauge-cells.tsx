import { memo } from 'react'
import { Icon } from '../../parts/signs/icon.tsx'
import { Spark } from '../../parts/signs/spark.tsx'
import { useFormat } from '../../words/formats.ts'
import { sandboxesWords } from '../../words/sandboxes.ts'
import { cpuShare, nearLimit } from './gauges.logic.ts'
import { useListFacts } from './list-facts.ts'
import { useSeries } from './gauge-store.ts'

/** CPU as a share of the sandbox's limit, with the last two minutes of it. */
export const CpuCell = memo(function CpuCell({ id, paused }: { id: string; paused: boolean }) {
  const { unknown } = useListFacts()
  const series = useSeries(id)
  const format = useFormat()
  if (paused && !unknown) return <span className="gauge"><span className="dim">{sandboxesWords.row.paused}</span></span>
  const share = series === null || unknown ? null : cpuShare(series.last)
  if (series === null || share === null) return <span className="gauge"><span className="w-pct dim">–</span></span>
  return (
    <span className="gauge">
      <Spark values={series.cpu} limit={1} />
      <span className="w-pct">{format.percent(share)}</span>
    </span>
  )
})

/** The top of the small picture where there is no limit: against its own maximum every sandbox would look full. */
const unlimitedTop = 2 ** 30

/** Memory in use; near its limit it is said by weight, a sign and a word, not by colour alone. */
export const MemoryCell = memo(function MemoryCell({ id }: { id: string }) {
  const { unknown } = useListFacts()
  const series = useSeries(id)
  const format = useFormat()
  const last = series?.last ?? null
  if (unknown || series === null || last === null || last.memory === null) return <span className="gauge"><span className="w-mem dim">–</span></span>
  const high = nearLimit(last)
  const size = format.size(last.memory)
  const title = last.memory_limit === null ? size : format.sizes(last.memory, last.memory_limit)
  return (
    <span className="gauge">
      <Spark values={series.memory} limit={last.memory_limit ?? unlimitedTop} high={high} />
      <span className="w-mem" title={high ? sandboxesWords.row.near(title) : title}>
        {high ? <span className="warn-ink strong near"><Icon name="warn" /><span className="sr">{sandboxesWords.row.near('')}</span>{size}</span> : size}
      </span>
    </span>
  )
})
