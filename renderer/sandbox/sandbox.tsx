import { useRef, useState } from 'react'
import type { SandboxRow } from '../../shared/state.ts'
import { useCommand } from '../frame/commands/use-command.ts'
import { useNow } from '../frame/house/use-now.ts'
import { useActors } from '../frame/house/use-actors.ts'
import { useSight } from '../frame/house/use-sight.ts'
import { useHouse } from '../frame/house/use-house.ts'
import { go, hashOf, useRoute } from '../frame/route.ts'
import { Page } from '../frame/window/page.tsx'
import { Tabs } from '../parts/blocks/tabs.tsx'
import { Cut } from '../parts/signs/cut.tsx'
import { Status } from '../parts/signs/status.tsx'
import { useFormat } from '../words/formats.ts'
import { sandboxWords } from '../words/sandbox.ts'
import { Actions } from './actions.tsx'
import { Gone } from './gone.tsx'
import { Live } from './live.tsx'
import { doing } from './sandbox.logic.ts'
import { keep, KeptContext } from './tab.ts'
import { sandboxTabs } from './tabs.ts'
import { clearedKey } from './logs/cleared.ts'

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
  if (row === null) return <Page title={sandboxWords.gone.never} crumb={crumb}><Gone id={id} row={null} /></Page>
  const name = row.thread ?? sandboxWords.anonymous
  const tabs = gone ? sandboxTabs.filter(({ afterwards }) => afterwards) : sandboxTabs
  const shown = tabs.find(({ value }) => value === tab) ?? tabs[0]
  if (!shown) return null
  const Show = shown.show
  return (
    <KeptContext value={kept}>
      <Page
        title={name} heading={<Cut text={name} />} crumb={crumb}
        beside={<><Status status={gone ? 'gone' : sight === 'live' || row.status === 'failed' ? row.status : 'unknown'} />{gone ? null : <Doing row={row} />}</>}
        end={gone ? undefined : <Actions row={row} name={name} />}
      >
        {gone ? <Gone id={id} row={row} /> : null}
        <Tabs
          label={sandboxWords.tabs} value={shown.value} tabs={tabs} onChange={(value) => go('sandboxes', id, value)}
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
  const text = does.kind === 'working' ? sandboxWords.workingFor(does.who)
    : does.kind === 'held' ? sandboxWords.heldBy(does.who.join(', '))
      : does.kind === 'reaped' ? sandboxWords.reaped(format.countdown(does.ms)) : does.kind === 'says' ? does.text : sandboxWords.nobody
  return <span className="dim nowrap says" title={text}>{text}</span>
}
