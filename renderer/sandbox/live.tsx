import { useState } from 'react'
import type { Gauge } from '../../shared/gauge.ts'
import { useTopic } from '../frame/house/use-topic.ts'
import { Spark } from '../parts/signs/spark.tsx'
import { useFormat } from '../words/formats.ts'
import { sandboxWords } from '../words/sandbox.ts'

const samplesKept = 60

/** CPU and memory of one sandbox, in a corner. The Stats tab says it in full, so it is not read out. */
export function Live({ id }: { id: string }) {
  const [samples, setSamples] = useState<readonly Gauge[]>([])
  const format = useFormat()
  useTopic('gauges', {}, {
    start: () => setSamples([]),
    event: (event) => setSamples((before) => [...before, ...event.samples.flatMap(({ sandboxes }) => sandboxes[id] ?? [])].slice(-samplesKept)),
  })
  const last = samples.at(-1)
  if (last === undefined) return null
  const whole = (last.cpu_limit ?? 1) * 100
  return (
    <span className="live" aria-hidden="true">
      <span>{sandboxWords.cpu} <Spark values={samples.map(({ cpu }) => cpu)} limit={last.cpu_limit === null ? null : whole} width={40} height={14} /> <b>{last.cpu === null ? sandboxWords.unknown : format.percent(last.cpu / whole)}</b></span>
      {last.memory === null ? null : <span>{sandboxWords.memory} <b>{last.memory_limit === null ? format.size(last.memory) : format.sizes(last.memory, last.memory_limit)}</b></span>}
    </span>
  )
}
