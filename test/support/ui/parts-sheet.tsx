/** Every part in its states on one page, beside the look's own sheet: `shoot.ts --entry parts-sheet.tsx`. */
import { type ReactNode, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { Code, Empty, Note, Tabs } from '../../../renderer/parts/blocks.tsx'
import { Button, CopyButton, CopyText, Filters, IconButton, Segments } from '../../../renderer/parts/buttons.tsx'
import { Check, Choice, Field, SearchField, SelectField, Switch } from '../../../renderer/parts/fields.tsx'
import { Dialog, FloatRoot, Menu } from '../../../renderer/parts/overlays.tsx'
import { useToast } from '../../../renderer/parts/toasts.ts'
import { Chip, Cut, Gauge, Kbd, Progress, Status, type StatusName } from '../../../renderer/parts/indicators.tsx'
import { ToastHost } from '../../../renderer/frame/toast-host.tsx'
import { GridSheet } from './grid-sheet.tsx'
import '../../../renderer/styles/main.css'

declare global {
  interface Window {
    said: string[]
  }
}

window.said = []
const say = (what: string) => void window.said.push(what)
const statuses: readonly StatusName[] = ['creating', 'active', 'warm', 'paused', 'slot', 'stopping', 'failed', 'unknown']
const saw = Array.from({ length: 40 }, (_, n) => (n % 11 === 4 ? null : (n * 13) % 37))

function Line({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="strip ruled">
      <span className="dim" style={{ width: 72 }}>
        {name}
      </span>
      {children}
    </div>
  )
}

function Sheet() {
  const [text, setText] = useState('')
  const [number, setNumber] = useState('ten')
  const [side, setSide] = useState<'both' | 'out' | 'err'>('both')
  const [filter, setFilter] = useState<'all' | 'warm'>('all')
  const [tab, setTab] = useState<'one' | 'two' | 'three'>('one')
  const [image, setImage] = useState<'lite' | 'big'>('lite')
  const [what, setWhat] = useState<'all' | 'idle'>('all')
  const [on, setOn] = useState(true)
  const [asks, setAsks] = useState(false)
  const toast = useToast()
  return (
    <main>
      <header className="bar">
        <h1>Parts</h1>
      </header>
      <div className="scroll">
        <Line name="Button">
          <Button kind="primary" icon="plus" onClick={() => say('primary')}>
            New sandbox
          </Button>
          <Button>Pull</Button>
          <Button kind="quiet" icon="castoff">
            Release
          </Button>
          <Button kind="quiet" bad icon="trash" onClick={() => setAsks(true)}>
            Destroy…
          </Button>
          <Button kind="danger">Destroy</Button>
          <Button disabled>Disabled</Button>
          <Button busy onClick={() => say('busy')}>
            Pulling
          </Button>
          <Button small>Small</Button>
          <IconButton icon="wrap" label="Wrap" pressed />
          <IconButton icon="terminal" label="Open terminal" keys="t" small />
        </Line>
        <Line name="Copy">
          <CopyButton text="whole text" />
          <CopyButton text="whole text" label="Copy the address" />
        </Line>
        <Line name="Status">
          {statuses.map((one) => (
            <Status key={one} status={one} />
          ))}
          <Chip>default</Chip>
          <Chip kind="warn">full</Chip>
          <Chip kind="bad">1 error</Chip>
          <Chip kind="good">new</Chip>
        </Line>
        <Line name="Numbers">
          <Gauge values={saw} limit={40} text="38%" />
          <Gauge values={saw} limit={40} text="1.31 GiB" high />
          <span style={{ width: 120, display: 'flex' }}>
            <Progress done={62} total={100} label="Pulling" />
          </span>
          <span style={{ width: 120, display: 'flex' }}>
            <Progress done={null} total={null} label="Waiting" />
          </span>
          <span style={{ width: 110 }}>
            <Cut text="a-rather-long-thread-name-that-is-cut" />
          </span>
          <Cut text="0c2e6a1b-88d4-4f0e-9a57-31b20c7f6c3e" />
        </Line>
        <Line name="Field">
          <SearchField label="Filter" value={text} onChange={setText} keys="/" found="3 of 11" />
          <Field
            label="Replicas"
            value={number}
            onChange={setNumber}
            error={/^\d+$/.test(number) ? null : 'A whole number'}
            num
            onRevert={() => setNumber('8')}
            onSave={() => say(`save ${number}`)}
          />
          <div style={{ width: 200 }}>
            <SelectField
              label="Image"
              value={image}
              options={[
                { value: 'lite', label: 'berth-lite:0.4', detail: 'default' },
                { value: 'big', label: 'agent-infra/sandbox:1.11.0' },
              ]}
              onChange={setImage}
            />
          </div>
        </Line>
        <Line name="Choice">
          <Check checked={on} onChange={setOn} label="Keep its log" />
          <Switch checked={on} onChange={setOn} label="Keep running" />
          <Choice
            label="What"
            value={what}
            onChange={setWhat}
            options={[
              { value: 'all', label: 'Everything', detail: '10 sandboxes' },
              { value: 'idle', label: 'Only what nobody uses' },
            ]}
          />
        </Line>
        <Line name="Segments">
          <Segments
            label="Stream"
            value={side}
            onChange={setSide}
            options={[
              { value: 'both', label: 'Both' },
              { value: 'out', label: 'Out' },
              { value: 'err', label: 'Err' },
            ]}
          />
          <Filters
            label="Show"
            value={filter}
            onChange={setFilter}
            options={[
              { value: 'all', label: 'All', count: 11 },
              { value: 'warm', label: 'Warm', count: 3 },
            ]}
          />
          <Menu
            label="More actions"
            items={[
              { label: 'Open terminal', icon: 'terminal', keys: 't', run: () => say('terminal') },
              { label: 'Reveal workspace', icon: 'reveal', run: () => say('reveal') },
              { label: 'Not now', disabled: true, run: () => say('never') },
              'line',
              { label: 'Destroy…', icon: 'trash', keys: 'Backspace', bad: true, run: () => setAsks(true) },
            ]}
          />
          <Button
            onClick={() =>
              toast({ title: 'invoice-ocr', detail: 'did not start', status: 'failed', stay: true, action: { label: 'Open log', run: () => say('log') } })
            }
          >
            Toast
          </Button>
          <Kbd keys="Mod+k" />
        </Line>
        <div className="pad" style={{ display: 'grid', gap: 8 }}>
          <Note kind="warn" title="Slots are off.">
            This volume cannot bind late.
          </Note>
          <Note kind="bad" title="config.yaml has one error, line 9.">
            The last right values stay in force.
          </Note>
          <Code text="berth exec --thread demo -- uname -a" label="Command" />
          <Empty title="Nothing matches “statsu:warm”.">Clear the filter.</Empty>
        </div>
        <Tabs
          label="Parts of it"
          value={tab}
          onChange={setTab}
          tabs={[
            { value: 'one', label: 'One' },
            { value: 'two', label: 'Two', count: 2 },
            { value: 'three', label: 'Three' },
          ]}
        >
          <p className="pad">Panel {tab}</p>
        </Tabs>
        <GridSheet say={say} />
      </div>
      <Dialog
        title="Destroy pricing-research?"
        about="Its files stay."
        open={asks}
        onClose={() => setAsks(false)}
        alert
        says="It has 10 s to stop."
        actions={
          <>
            <Button safe onClick={() => setAsks(false)}>
              Cancel
            </Button>
            <Button
              kind="danger"
              onClick={() => {
                say('destroyed')
                setAsks(false)
              }}
            >
              Destroy 1 sandbox
            </Button>
          </>
        }
      >
        <Check checked={on} onChange={setOn} label="Keep its log" />
      </Dialog>
    </main>
  )
}

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')
document.title = 'Parts · Berth'
createRoot(root).render(
  <CopyText value={async (text) => say(`copied ${text}`)}>
    <FloatRoot>
      <ToastHost>
        <Sheet />
      </ToastHost>
    </FloatRoot>
  </CopyText>,
)
