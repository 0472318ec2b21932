import { useEffect, useEffectEvent, useReducer, useRef, useState } from 'react'
import type { ErrorData } from '../../../shared/errors.ts'
import { useCommand } from '../../commands/command.ts'
import { useNative, useTopic } from '../../state/contexts.ts'
import { useFootKeys } from '../../commands/foot-keys.ts'
import { Code, Empty, Note } from '../../parts/blocks.tsx'
import { useToast } from '../../parts/toasts.ts'
import { useFormat } from '../../words/format.ts'
import { logWords } from './logs.words.ts'
import { tabWords } from '../tabs.words.ts'
import { logOf } from '../sandbox.logic.ts'
import { type TabProps, useKept } from '../tab.ts'
import { useTask } from '../../parts/use-task.ts'
import { finder, type Hit, mostHits, step } from './find.logic.ts'
import { LogList, type LogListHandle } from './log-list.tsx'
import { logPump, type LogPump } from './log-buffer.ts'
import { Button, IconButton } from '../../parts/buttons.tsx'
import { SearchField } from '../../parts/fields.tsx'

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
      {lines.length === 0 ? (
        <Empty title={words.none}>{words.noneMore}</Empty>
      ) : (
        <section className="section" aria-labelledby="kept">
          <h2 id="kept">{words.log}</h2>
          <Code text={lines.join('\n')} label={words.log} />
        </section>
      )}
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
    const made = logPump(
      log,
      () => draw(),
      () => between(),
      (turn) => requestAnimationFrame(turn),
      (frame) => cancelAnimationFrame(frame),
    )
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
    end: (error) => {
      if (error !== null && error.code !== 'NOT_RUNNING') setBroken(error)
    },
  })
  useCommand({ id: 'follow', title: logWords.follow, keys: ['End'], icon: 'follow', run: () => followed(true) })
  useFootKeys([
    ['Mod+f', logWords.find],
    ['End', logWords.follow],
  ])

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
        wanted={wanted}
        found={wanted === '' ? null : { at: at < 0 ? null : at, count: hits.length }}
        follow={follow}
        times={times}
        wrap={wrap}
        lines={lines}
        dropped={dropped}
        onWant={(next) => {
          setWanted(next)
          setCurrent(null)
        }}
        onStep={goOn}
        onFollow={followed}
        onTimes={setTimes}
        onWrap={setWrap}
        onCopy={() =>
          run(async () => {
            const chosen = list.current?.selection() ?? ''
            await native.copy(chosen === '' ? whole() : chosen)
            toast({ status: 'active', title: logWords.copied(format.count(chosen === '' ? size : chosen.split('\n').length, 'line')) })
          })
        }
        onDownload={() => run(async () => void (await native.saveText(logWords.file(name), whole())))}
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
        ref={list}
        log={log}
        size={size}
        gone={gone}
        times={times}
        wrap={wrap}
        wanted={wanted}
        current={at < 0 ? null : current}
        follow={follow}
        newer={follow ? 0 : lines - since}
        cleared={lines > 0}
        ready={ready}
        onFollow={followed}
      />
      {broken !== null ? (
        <div className="banner">
          <Note kind="bad" live title={`${broken.message}.`.replace(/\.\.$/, '.')}>
            {broken.next}
          </Note>
        </div>
      ) : ended !== null ? (
        <div className="banner">
          <Note live title={`${logWords.ended(ended)}.`.replace(/\.\.$/, '.')} />
        </div>
      ) : null}
    </>
  )
}

export interface LogBarProps {
  readonly wanted: string
  readonly found: { readonly at: number | null; readonly count: number } | null
  readonly follow: boolean
  readonly times: boolean
  readonly wrap: boolean
  readonly lines: number
  readonly dropped: number
  readonly onWant: (wanted: string) => void
  readonly onStep: (by: 1 | -1) => void
  readonly onFollow: (on: boolean) => void
  readonly onTimes: (on: boolean) => void
  readonly onWrap: (on: boolean) => void
  readonly onCopy: () => void
  readonly onDownload: () => void
  readonly onClear: () => void
}

function LogBar(props: LogBarProps) {
  const { wanted, found, follow, times, wrap, lines, dropped, onStep } = props
  const format = useFormat()
  const field = useRef<HTMLInputElement>(null)
  useCommand({ id: 'find', title: logWords.find, keys: ['/', 'Mod+f'], icon: 'search', run: () => field.current?.focus() })
  const count = found === null ? '' : found.count >= mostHits ? `${format.number(mostHits)}+` : format.number(found.count)
  return (
    <div className="strip ruled logbar">
      <SearchField
        ref={field}
        label={logWords.find}
        placeholder={logWords.find}
        keys="/"
        long
        value={wanted}
        onChange={props.onWant}
        found={found === null ? undefined : found.count === 0 ? logWords.none : logWords.found(found.at === null ? null : format.number(found.at + 1), count)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return
          event.preventDefault()
          onStep(event.shiftKey ? -1 : 1)
        }}
      />
      {wanted === '' ? null : (
        <>
          <IconButton icon="up" small label={logWords.previous} onClick={() => onStep(-1)} />
          <IconButton icon="down" small label={logWords.next} onClick={() => onStep(1)} />
        </>
      )}
      <span className="dim small nowrap logsum" data-lines={lines} data-dropped={dropped}>
        {logWords.shown(format.count(lines, 'line'), dropped === 0 ? null : format.number(dropped))}
      </span>
      <div className="end">
        <Button kind="quiet" icon="follow" className="toggle" aria-pressed={follow} aria-label={logWords.follow} onClick={() => props.onFollow(!follow)}>
          <span className="label">{logWords.follow}</span>
        </Button>
        <Button kind="quiet" icon="clock" className="toggle" aria-pressed={times} aria-label={logWords.times} onClick={() => props.onTimes(!times)}>
          <span className="label">{logWords.times}</span>
        </Button>
        <Button kind="quiet" icon="wrap" className="toggle" aria-pressed={wrap} aria-label={logWords.wrap} onClick={() => props.onWrap(!wrap)}>
          <span className="label">{logWords.wrap}</span>
        </Button>
        <span className="rule" />
        <IconButton icon="copy" label={logWords.copy} onClick={props.onCopy} />
        <IconButton icon="download" label={logWords.download} onClick={props.onDownload} />
        <Button kind="quiet" onClick={props.onClear}>
          {logWords.clear}
        </Button>
      </div>
    </div>
  )
}

/** Where a browser tab remembers up to which time a sandbox's log was cleared. */
export function clearedKey(id: string): string {
  return `berth.log-cleared.${id}`
}
