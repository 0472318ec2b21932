import { useRef, useState } from 'react'
import type { SandboxRow } from '../../shared/state.ts'
import { useCommand } from '../commands/command.ts'
import { useActors, useEndpoint, useHouse, useNative, useNow, useSight, useTopic } from '../state/contexts.ts'
import { go, hashOf, useRoute } from '../state/page-address.ts'
import { Page } from '../parts/page.tsx'
import { Note, Tabs } from '../parts/blocks.tsx'
import { Cut, Spark, Status } from '../parts/indicators.tsx'
import { useFormat } from '../words/format.ts'
import { sandboxWords } from './sandbox.words.ts'
import { doing, endOf, isUp } from './sandbox.logic.ts'
import { keep, KeptContext } from './tab.ts'
import { sandboxTabs } from './tabs.ts'
import { clearedKey } from './logs/logs.tsx'
import { Button } from '../parts/buttons.tsx'
import { Dialog, Menu, type MenuItems } from '../parts/overlays.tsx'
import { useToast } from '../parts/toasts.ts'
import { useSandboxActions } from '../actions/actions.ts'
import { holderName } from '../words/who.ts'
import { useTask } from '../parts/use-task.ts'
import type { BerthEvent } from '../../shared/events.ts'
import type { Gauge } from '../../shared/gauge.ts'

/** One sandbox: `#/sandboxes/<id>/<tab>`. */
export function SandboxScreen() {
  const { path } = useRoute()
  const id = path[1] ?? ''
  return <OneSandbox key={id} id={id} tab={path[2] ?? 'overview'} />
}

function OneSandbox({ id, tab }: { id: string; tab: string }) {
  const found = useHouse(({ sandboxes }) => sandboxes[id]) ?? null
  // What was there last stays in view when it goes.
  const last = useRef<SandboxRow>(null)
  if (found !== null) last.current = found
  const row = last.current
  const sight = useSight()
  const gone = found === null
  const [kept] = useState(() => keep(sessionStorage.getItem(clearedKey(id))))
  useCommand({ id: 'open-terminal', title: 'Open terminal', keys: ['t'], icon: 'terminal', when: !gone, run: () => go('sandboxes', id, 'terminal') })
  useCommand({ id: 'open-logs', title: 'Open logs', keys: ['l'], icon: 'logs', run: () => go('sandboxes', id, 'logs') })

  const crumb = { label: sandboxWords.back, href: hashOf(['sandboxes']) }
  if (row === null)
    return (
      <Page title={sandboxWords.gone.never} crumb={crumb}>
        <Gone id={id} row={null} />
      </Page>
    )
  const name = row.thread ?? sandboxWords.anonymous
  const tabs = gone ? sandboxTabs.filter(({ afterwards }) => afterwards) : sandboxTabs
  const shown = tabs.find(({ value }) => value === tab) ?? tabs[0]
  if (!shown) return null
  const Show = shown.show
  return (
    <KeptContext value={kept}>
      <Page
        title={name}
        heading={<Cut text={name} />}
        crumb={crumb}
        beside={
          <>
            <Status status={gone ? 'gone' : sight === 'live' || row.status === 'failed' ? row.status : 'unknown'} />
            {gone ? null : <Doing row={row} />}
          </>
        }
        end={gone ? undefined : <Actions row={row} name={name} />}
      >
        {gone ? <Gone id={id} row={row} /> : null}
        <Tabs
          label={sandboxWords.tabs}
          value={shown.value}
          tabs={tabs}
          onChange={(value) => go('sandboxes', id, value)}
          end={gone ? undefined : <Live id={id} />}
        >
          <Show row={row} gone={gone} />
        </Tabs>
      </Page>
    </KeptContext>
  )
}

function Doing({ row }: { row: SandboxRow }) {
  const format = useFormat()
  const countsDown = row.holders.length === 0 && row.expires_at !== null
  const does = doing(row, useNow(countsDown ? 'second' : 'none'), useActors())
  const text =
    does.kind === 'working'
      ? sandboxWords.workingFor(does.who)
      : does.kind === 'held'
        ? sandboxWords.heldBy(does.who.join(', '))
        : does.kind === 'reaped'
          ? sandboxWords.reaped(format.countdown(does.ms))
          : does.kind === 'says'
            ? does.text
            : sandboxWords.nobody
  return (
    <span className="dim nowrap says" title={text}>
      {text}
    </span>
  )
}

/** What can be done with a sandbox, in its header. */
export function Actions({ row, name }: { row: SandboxRow; name: string }) {
  const endpoint = useEndpoint()
  const native = useNative()
  const toast = useToast()
  const releasing = useTask()
  const other = useTask()
  const actions = useSandboxActions()
  const [asks, setAsks] = useState(false)
  const { id } = row
  const holders = row.holders.map(({ holder }) => holder)

  const releaseAll = () => actions.release([row])
  function release(holder: string): void {
    releasing.run(async () => {
      await endpoint.call('release', { id, holder })
      toast({ status: 'warm', title: sandboxWords.released(name) })
    })
  }
  useCommand({ id: 'release', title: 'Release', detail: name, keys: ['r'], icon: 'castoff', when: holders.length > 0, run: releaseAll })
  useCommand({ id: 'destroy', title: 'Destroy…', detail: name, icon: 'trash', when: row.status !== 'failed', run: () => actions.destroy([row]) })

  const more: MenuItems = [
    ...(row.thread === null ? [] : [{ label: sandboxWords.copyThread, icon: 'copy', run: () => other.run(() => native.copy(row.thread ?? '')) } as const]),
    { label: sandboxWords.copyId, icon: 'copy', run: () => other.run(() => native.copy(id)) },
    { label: sandboxWords.copyName, icon: 'copy', run: () => other.run(() => native.copy(row.name)) },
    'line',
    { label: sandboxWords.copyAddress, icon: 'copy', disabled: !isUp(row), run: () => other.run(() => native.copyAddress(id, 'program')) },
    { label: sandboxWords.copyEnter, icon: 'copy', disabled: !isUp(row), run: () => other.run(() => native.copyAddress(id, 'browser')) },
    'line',
    { label: sandboxWords.rotate, icon: 'key', disabled: row.status === 'failed', run: () => setAsks(true) },
  ]
  const button = (
    <Button icon="castoff" busy={releasing.busy} onClick={holders.length > 1 ? undefined : releaseAll}>
      <span className="label">{sandboxWords.release}</span>
    </Button>
  )
  return (
    <>
      {holders.length === 0 ? null : holders.length === 1 ? (
        button
      ) : (
        <Menu
          label={sandboxWords.release}
          trigger={button}
          items={[
            ...row.holders.map((held) => ({ label: sandboxWords.releaseOne(holderName(held)), run: () => release(held.holder) })),
            'line',
            { label: sandboxWords.releaseAll, run: releaseAll },
          ]}
        />
      )}
      {row.status === 'failed' ? (
        <Button icon="close" busy={other.busy} onClick={() => other.run(async () => void (await endpoint.call('dismiss', { id })))}>
          <span className="label">{sandboxWords.dismiss}</span>
        </Button>
      ) : (
        <Button kind="quiet" bad icon="trash" onClick={() => actions.destroy([row])}>
          <span className="label">{sandboxWords.destroy}</span>
        </Button>
      )}
      <Menu label={sandboxWords.more} items={more} />
      <Dialog
        title={sandboxWords.rotation.title}
        about={sandboxWords.rotation.about}
        open={asks}
        onClose={() => setAsks(false)}
        alert
        actions={
          <>
            <Button safe onClick={() => setAsks(false)}>
              {sandboxWords.rotation.keep}
            </Button>
            <Button
              kind="danger"
              busy={other.busy}
              onClick={() =>
                other.run(async () => {
                  await endpoint.call('rotate', { id })
                  setAsks(false)
                  toast({ status: 'active', title: sandboxWords.rotation.done, detail: sandboxWords.rotation.doneDetail })
                })
              }
            >
              {sandboxWords.rotation.confirm}
            </Button>
          </>
        }
      />
    </>
  )
}

/** Says when and why it went, and gives a way on. `row`: as it was last, if this page has seen it. */
export function Gone({ id, row }: { id: string; row: SandboxRow | null }) {
  const { acquire } = useSandboxActions()
  const format = useFormat()
  const now = useNow('minute')
  const { busy, run } = useTask()
  const [events, setEvents] = useState<readonly BerthEvent[]>([])
  useTopic('events', /^[a-f0-9]{16}$/.test(id) ? { sandbox: id } : null, {
    start: () => setEvents([]),
    event: (event) => setEvents((before) => [...before, ...event.events].slice(-300)),
  })
  const end = endOf(events, id)
  const key = row ?? events.findLast(({ thread }) => thread !== undefined)
  const thread = key?.thread ?? null
  const words = sandboxWords.gone
  return (
    <div className="banner">
      <Note
        kind={end === null ? 'info' : 'warn'}
        live
        title={row === null && events.length === 0 ? `${words.never}.` : words.title}
        action={
          thread === null ? (
            <Button onClick={() => go('sandboxes')}>{words.list}</Button>
          ) : (
            <Button kind="primary" icon="play" busy={busy} onClick={() => run(() => acquire(thread, key?.user ?? 'default'))}>
              {words.again}
            </Button>
          )
        }
      >
        {end === null ? words.unknown : words.when(format.when(new Date(end.at), new Date(now)), `${end.text}.`.replace(/\.\.$/, '.'))}{' '}
        {thread !== null ? words.files : key === undefined ? '' : words.anonymous}
      </Note>
    </div>
  )
}

const samplesKept = 60

/** CPU and memory of one sandbox, in a corner. The Stats tab says it in full, so it is not read out. */
export function Live({ id }: { id: string }) {
  const [samples, setSamples] = useState<readonly Gauge[]>([])
  const format = useFormat()
  useTopic(
    'gauges',
    {},
    {
      start: () => setSamples([]),
      event: (event) => setSamples((before) => [...before, ...event.samples.flatMap(({ sandboxes }) => sandboxes[id] ?? [])].slice(-samplesKept)),
    },
  )
  const last = samples.at(-1)
  if (last === undefined) return null
  const whole = (last.cpu_limit ?? 1) * 100
  return (
    <span className="live" aria-hidden="true">
      <span>
        {sandboxWords.cpu} <Spark values={samples.map(({ cpu }) => cpu)} limit={last.cpu_limit === null ? null : whole} width={40} height={14} />{' '}
        <b>{last.cpu === null ? sandboxWords.unknown : format.percent(last.cpu / whole)}</b>
      </span>
      {last.memory === null ? null : (
        <span>
          {sandboxWords.memory} <b>{last.memory_limit === null ? format.size(last.memory) : format.sizes(last.memory, last.memory_limit)}</b>
        </span>
      )}
    </span>
  )
}
