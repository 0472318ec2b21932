import { useEffect, useEffectEvent, useReducer, useRef, useState } from 'react'
import type { ErrorData } from '../../../shared/errors.ts'
import { useCommand } from '../../frame/commands/use-command.ts'
import { useNative } from '../../frame/house/contexts.ts'
import { useTopic } from '../../frame/house/use-topic.ts'
import { useFootKeys } from '../../frame/window/foot-keys.ts'
import { Code } from '../../parts/blocks/code.tsx'
import { Empty } from '../../parts/blocks/empty.tsx'
import { Note } from '../../parts/blocks/note.tsx'
import { useToast } from '../../parts/floats/toasts.ts'
import { useFormat } from '../../words/formats.ts'
import { logWords } from '../../words/logs.ts'
import { tabWords } from '../../words/tabs.ts'
import { logOf } from '../sandbox.logic.ts'
import { useKept, type TabProps } from '../tab.ts'
import { useTask } from '../use-task.ts'
import { clearedKey } from './cleared.ts'
import { finder, step, type Hit } from './find.logic.ts'
import { LogBar } from './log-bar.tsx'
import { LogList } from './log-list.tsx'
import type { LogListHandle } from './log-list-props.ts'
import { logPump, type LogPump } from './log-pump.ts'

/** Lines of the past that are asked for. */
const tail = 2000
/** Between two pictures of a growing log; wrapped lines have to be measured anew for each. Ms. */
const plainMs = 100
const wrappedMs = 250

/** The container's own log. Another container of the same sandbox is another log, after the same lines. */
export function LogsTab({ row, gone }: TabProps) {
  if (row.status === 'failed') return <KeptLog lines={logOf(row.error)} />
  return <Log key={row.container ?? ''} id={row.id} name={row.thread ?? row.id} ready={!gone && row.container !== null} />
}

/** What a sandbox that failed had written: its container is gone, the failure has kept the end of its log. */
function KeptLog({ lines }: { lines: readonly string[] }) {
  const words = tabWords.failure
  return (
    <div className="scroll pad">
      {lines.length === 0 ? <Empty title={words.none}>{words.noneMore}</Empty> : <section className="section" aria-labelledby="kept"><h2 id="kept">{words.log}</h2><Code text={lines.join('\n')} label={words.log} /></section>}
    </div>
  )
}

function Log({ id, name, ready }: { id: string; name: string; ready: boolean }) {
  const { log } = useKept()
  const native = useNative()
  const toast = useToast()
  const format = useFormat()
  const { run } = useTask()
  const [, changed] = useReducer((n: number) => n + 1, 0)
  const [follow, setFollow] = useState(true)
  const [since, setSince] = useState(0)
  const [times, setTimes] = useState(true)
  const [wrap, setWrap] = useState(false)
  const [wanted, setWanted] = useState('')
  const [current, setCurrent] = useState<Hit | null>(null)
  const [ended, setEnded] = useState<string | null>(null)
  const [broken, setBroken] = useState<ErrorData | null>(null)
  const [search] = useState(finder)
  const list = useRef<LogListHandle>(null)
  const pump = useRef<LogPump>(null)

  const draw = useEffectEvent(() => changed())
  const between = useEffectEvent(() => (wrap ? wrappedMs : plainMs))
  useEffect(() => {
    const made = logPump(log, () => draw(), () => between(), (turn) => requestAnimationFrame(turn), (frame) => cancelAnimationFrame(frame))
    pump.current = made
    return () => {
      pump.current = null
      made.close()
    }
  }, [log])
  useTopic('logs', ready ? { id, tail } : null, {
    start() {
      setEnded(null)
      setBroken(null)
      log.begin()
    },
    event(event) {
      if (event.type === 'end') return setEnded(event.reason)
      log.push(event.lines, event.dropped)
      return pump.current?.soon()
    },
    end: (error) => { if (error !== null && error.code !== 'NOT_RUNNING') setBroken(error) },
  })
  useCommand({ id: 'follow', title: logWords.follow, keys: ['End'], icon: 'follow', run: () => followed(true) })
  useFootKeys([['Mod+f', logWords.find], ['End', logWords.follow]])

  const { lines, dropped, gone } = log.totals()
  const size = log.size()
  const hits = search.update(wanted, gone, size, (item) => textOf(item - gone))
  const at = current === null ? -1 : hits.findIndex((hit) => hit.item === current.item && hit.at === current.at)

  function textOf(index: number): string {
    const item = log.item(index)
    return item?.kind === 'line' ? item.text : ''
  }

  function goOn(by: 1 | -1): void {
    const hit = hits[step(hits.length, at, by)]
    if (!hit) return
    setCurrent(hit)
    followed(false)
    list.current?.show(hit.item - gone)
  }

  function followed(next: boolean): void {
    if (next === follow) return
    setFollow(next)
    setSince(lines)
    if (next) list.current?.toEnd()
  }

  function whole(): string {
    const all: string[] = []
    for (let index = 0; index < log.size(); index += 1) {
      const item = log.item(index)
      if (item?.kind === 'line') all.push(times && item.at !== null ? `${item.at} ${item.text}` : item.text)
      else if (item) all.push(`[${item.count === null ? logWords.gap : logWords.dropped(format.count(item.count, 'line is', 'lines are'))}]`)
    }
    return all.map((line) => `${line}\n`).join('')
  }

  return (
    <>
      <LogBar
        wanted={wanted} found={wanted === '' ? null : { at: at < 0 ? null : at, count: hits.length }} follow={follow} times={times} wrap={wrap} lines={lines} dropped={dropped}
        onWant={(next) => {
          setWanted(next)
          setCurrent(null)
        }}
        onStep={goOn} onFollow={followed} onTimes={setTimes} onWrap={setWrap}
        onCopy={() => run(async () => {
          const chosen = list.current?.selection() ?? ''
          await native.copy(chosen === '' ? whole() : chosen)
          toast({ status: 'active', title: logWords.copied(format.count(chosen === '' ? size : chosen.split('\n').length, 'line')) })
        })}
        onDownload={() => run(async () => void await native.saveText(logWords.file(name), whole()))}
        onClear={() => {
          log.clear()
          const to = log.clearedTo()
          if (to !== null) sessionStorage.setItem(clearedKey(id), to)
          setCurrent(null)
          setSince(lines)
          changed()
        }}
      />
      <LogList
        ref={list} log={log} size={size} gone={gone} times={times} wrap={wrap} wanted={wanted} current={at < 0 ? null : current} follow={follow}
        newer={follow ? 0 : lines - since} cleared={lines > 0} ready={ready} onFollow={followed}
      />
      {broken !== null ? <div className="banner"><Note kind="bad" live title={`${broken.message}.`.replace(/\.\.$/, '.')}>{broken.next}</Note></div>
        : ended !== null ? <div className="banner"><Note live title={`${logWords.ended(ended)}.`.replace(/\.\.$/, '.')} /></div> : null}
    </>
  )
}
