import { useState } from 'react'
import type { Usage } from '../../../shared/gauge.ts'
import { useNative } from '../../frame/house/contexts.ts'
import { useTopic } from '../../frame/house/use-topic.ts'
import { Button } from '../../parts/buttons/button.tsx'
import { Segments } from '../../parts/buttons/segments.tsx'
import { Empty } from '../../parts/blocks/empty.tsx'
import { useToast } from '../../parts/floats/toasts.ts'
import { useFormat } from '../../words/formats.ts'
import { tabWords } from '../../words/tabs.ts'
import type { TabProps } from '../tab.ts'
import { useTask } from '../use-task.ts'
import { niceTop, perSecond, type Sample } from './chart.logic.ts'
import { Lane } from './lane.tsx'

const words = tabWords.stats
const kept = 300
const ranges = { minute: 60_000, five: 300_000 }

/** What made it slow: four charts over one time axis, one cursor through all. */
export function StatsTab({ row }: TabProps) {
  const [usages, setUsages] = useState<readonly Usage[]>([])
  const [refused, setRefused] = useState<string | null>(null)
  const [range, setRange] = useState<keyof typeof ranges>('five')
  const [cursor, setCursor] = useState<number | null>(null)
  const native = useNative()
  const toast = useToast()
  const task = useTask()
  const format = useFormat()
  useTopic('stats', row.status === 'creating' ? null : { id: row.id }, {
    start() {
      setUsages([])
      setRefused(null)
    },
    event: ({ samples }) => setUsages((before) => [...before, ...samples].slice(-kept)),
    end: (error) => setRefused(error?.message ?? null),
  })
  const last = usages.at(-1)
  if (refused !== null) return <div className="scroll pad"><Empty title={refused} /></div>
  if (!last) return <div className="scroll pad"><Empty title={words.nothing}>{row.status === 'paused' ? words.pausedWhy : null}</Empty></div>
  const to = Date.parse(last.at)
  const from = to - ranges[range]
  const series = (read: (usage: Usage) => number | null): readonly Sample[] => usages.map((usage) => ({ at: Date.parse(usage.at), value: read(usage) }))
  const cpu = series(({ cpu: value }) => value)
  const memory = series(({ memory: value }) => value)
  const [netIn, netOut] = [perSecond(series(({ net_in }) => net_in)), perSecond(series(({ net_out }) => net_out))]
  const [written, read] = [perSecond(series(({ disk_written }) => disk_written)), perSecond(series(({ disk_read }) => disk_read))]
  const rate = (value: number) => format.rate(value)
  const share = (value: number) => format.percent(value / 100)
  const common = { from, to, cursor, onCursor: setCursor }

  const csv = () => ['at,cpu_percent,memory,pids,net_in,net_out,disk_read,disk_written', ...usages.map((it) => [it.at, it.cpu, it.memory, it.pids, it.net_in, it.net_out, it.disk_read, it.disk_written].join(','))].join('\n')
  return (
    <>
      <div className="strip">
        <Segments label={words.range} value={range} onChange={setRange} options={[{ value: 'minute', label: words.minute }, { value: 'five', label: words.five }]} />
        <span className="dim small">{words.note}{last.pids === null ? '' : ` ${words.processes(format.number(last.pids))}.`}</span>
        <div className="end"><Button kind="quiet" icon="copy" onClick={() => task.run(async () => {
          await native.copy(csv())
          toast({ title: words.copied })
        })}><span className="label">{words.csv}</span></Button></div>
      </div>
      <div className="scroll pad tight">
        <div className="lanes">
          <Lane {...common} title={words.cpu} top={Math.max((last.cpu_limit ?? 1) * 100, niceTop(cpu, 10))} first={cpu} show={share} after={last.cpu_limit === null ? words.ofAll : words.of(String(last.cpu_limit))} />
          <Lane {...common} title={words.memory} top={last.memory_limit ?? niceTop(memory, 1, 1024)} limit={last.memory_limit} first={memory} show={(value) => format.size(value)} />
          {last.net_in === null ? null : <Lane {...common} title={words.network} top={Math.max(niceTop(netIn, 1024, 1024), niceTop(netOut, 1024, 1024))} first={netIn} second={netOut} names={[words.in, words.out]} show={rate} />}
          {last.disk_written === null ? null : <Lane {...common} title={words.disk} top={Math.max(niceTop(written, 1024, 1024), niceTop(read, 1024, 1024))} first={written} second={read} names={[words.written, words.read]} show={rate} />}
          <div className="axisrow"><span /><div className="ticks">{Array.from({ length: 6 }, (_, at) => <span key={at}>{format.clock(new Date(from + ((to - from) * at) / 5))}</span>)}</div><span /></div>
        </div>
      </div>
    </>
  )
}
