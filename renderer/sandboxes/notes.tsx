import { type ReactNode, useState } from 'react'
import { asBerthError } from '../../shared/errors.ts'
import type { House } from '../../shared/state.ts'
import { useEndpoint, useHouse, useSight } from '../state/contexts.ts'
import { go } from '../state/page-address.ts'
import { shortEngineName } from '../words/format.ts'
import { shareOf } from '../state/pull.logic.ts'
import { Note } from '../parts/blocks.tsx'
import { Button, IconButton } from '../parts/buttons.tsx'
import { useToast } from '../parts/toasts.ts'
import { Mark, Progress } from '../parts/indicators.tsx'
import { useFormat } from '../words/format.ts'
import { sandboxesWords } from '../words/sandboxes.ts'
import { type HouseNote, isolationRows, type NoteAction, notesOf } from './notes.logic.ts'
import { Dialog } from '../parts/overlays.tsx'
import { Fixes } from './first-run.tsx'

const words = sandboxesWords.notes
/** More stand behind a button: the list is what one came for. */
const most = 2

/** What the house has to say, above the list. Each stays until it is so no more. */
export function HouseNotes() {
  const house = useHouse((state) => state.house)
  const [some, awaited] = useHouse(({ house: { image }, sandboxes }) => [
    Object.keys(sandboxes).length > 0,
    image !== null && Object.values(sandboxes).some((row) => row.status === 'creating' && row.image === image.name),
  ])
  const endpoint = useEndpoint()
  const toast = useToast()
  const [all, setAll] = useState(false)
  const [dialog, setDialog] = useState<'isolation' | 'switch' | null>(null)
  const [busy, setBusy] = useState<NoteAction | null>(null)
  const [away, setAway] = useState(() => localStorage.getItem(awayKey))
  // What is so by this person's own choice, or for good, need not be said for ever; something new in it is said again.
  const notes = notesOf(house, awaited).filter((note) => !canGo(note) || wordsOf(note) !== away)
  const sight = useSight()

  async function calling(action: NoteAction, call: () => Promise<unknown>): Promise<void> {
    setBusy(action)
    try {
      await call()
    } catch (thrown) {
      const error = asBerthError(thrown)
      toast({ status: 'failed', title: `${error.message}.`, detail: error.next, stay: true })
    } finally {
      setBusy(null)
    }
  }

  function act(action: NoteAction): void {
    if (action === 'retry') void calling(action, () => endpoint.call('retry', {}))
    else if (action === 'image-cancel') void calling(action, () => endpoint.call('image_cancel', {}))
    else if (action === 'image-prepare') void calling(action, () => endpoint.call('image_prepare', {}))
    else if (action === 'settings') go('settings')
    else if (action === 'isolation') setDialog('isolation')
    else if (some) setDialog('switch')
    else void calling(action, () => endpoint.call('switch_backend', {}))
  }

  // Where Berth itself is away, that is said once, above all of it.
  if (notes.length === 0 || sight === 'lost') return null
  const shown = all ? notes : notes.slice(0, most)
  return (
    <div className="housenotes">
      {shown.map((note, at) => (
        <HouseNoteView
          key={note.id}
          note={note}
          house={house}
          busy={busy === note.action}
          onAct={act}
          onAway={
            canGo(note)
              ? () => {
                  localStorage.setItem(awayKey, wordsOf(note))
                  setAway(wordsOf(note))
                }
              : null
          }
          rest={
            at === shown.length - 1 && notes.length > most ? (
              <Button kind="quiet" small onClick={() => setAll(!all)} aria-expanded={all}>
                {all ? words.less : words.more(notes.length - most)}
              </Button>
            ) : null
          }
        />
      ))}
      {dialog === 'isolation' ? <IsolationDialog onClose={() => setDialog(null)} /> : null}
      {dialog === 'switch' ? (
        <SwitchDialog onClose={() => setDialog(null)} onSwitch={() => void calling('switch', () => endpoint.call('switch_backend', {}))} />
      ) : null}
    </div>
  )
}

const awayKey = 'berth.note.away'
const canGo = ({ id, kind }: HouseNote): boolean => id === 'embedded' && kind === 'info'
const wordsOf = ({ id, text }: HouseNote): string => `${id} ${text}`

const labels: Readonly<Record<NoteAction, string>> = {
  retry: words.retry,
  settings: words.settings,
  isolation: words.isolation,
  switch: words.switch,
  'image-cancel': words.imageCancel,
  'image-prepare': words.imagePrepare,
}

function HouseNoteView({
  note,
  house,
  busy,
  onAct,
  onAway,
  rest,
}: {
  note: HouseNote
  house: House
  busy: boolean
  onAct: (action: NoteAction) => void
  onAway: (() => void) | null
  rest: ReactNode
}) {
  const format = useFormat()
  const { action } = note
  const said = saidOf(note, house, format.number)
  return (
    <Note
      kind={note.kind}
      title={said.title}
      live={note.kind !== 'info'}
      action={
        action === null && rest === null && onAway === null ? undefined : (
          <>
            {action === null ? null : (
              <Button small busy={busy} onClick={() => onAct(action)}>
                {labels[action]}
              </Button>
            )}
            {rest}
            {onAway === null ? null : <IconButton icon="close" label={words.away} onClick={onAway} />}
          </>
        )
      }
    >
      {note.id === 'image' ? <ImageProgress house={house} /> : said.text}
    </Note>
  )
}

function saidOf({ id, text }: HouseNote, house: House, number: (value: number) => string): { title: string; text: string | undefined } {
  switch (id) {
    case 'stopping':
      return { title: words.stopping, text: words.stoppingText }
    case 'lost':
      return {
        title: words.lost(shortEngineName(house.backend.engine ?? 'The container engine')),
        text: `${ended(text)} ${words.lostText}${house.waiting > 0 ? ` ${words.waiting(number(house.waiting))}` : ''}`,
      }
    case 'config':
      return { title: words.config, text: ended(text) }
    case 'image-failed':
      return { title: words.imageFailed, text: ended(text) }
    case 'image':
      return { title: words.image, text }
    case 'better':
      return { title: words.better, text: `${ended(text)} ${words.betterText}` }
    case 'embedded':
      return {
        title: house.backend.chosen === 'auto' ? words.embeddedWhy : words.embedded,
        text: house.backend.isolation === 'none' ? words.unisolated : words.embeddedText,
      }
    case 'slots':
      return { title: words.slots, text: ended(text) }
    default:
      return { title: ended(text), text: undefined }
  }
}

function ended(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

function ImageProgress({ house }: { house: House }) {
  const format = useFormat()
  const { image } = house
  const share = shareOf(image?.progress ?? null)
  if (image === null) return null
  return (
    <span className="imagework">
      <span>
        {image.name}
        {image.progress === null ? '' : `, ${image.progress.text.charAt(0).toLowerCase()}${image.progress.text.slice(1)}`}
      </span>
      {share === null || image.progress === null ? null : (
        <>
          <Progress done={image.progress.done} total={image.progress.total} label={words.image} />
          <span className="nowrap">{format.percent(share)}</span>
        </>
      )}
    </span>
  )
}

/** What processes on this computer are kept apart from, row by row, and how to get containers instead. */
function IsolationDialog({ onClose }: { onClose: () => void }) {
  const words = sandboxesWords.isolation
  const backend = useHouse(({ house }) => house.backend)
  return (
    <Dialog
      title={words.title}
      about={words.about}
      open
      onClose={onClose}
      actions={
        <Button safe onClick={onClose}>
          {words.close}
        </Button>
      }
    >
      <table className="table inset isolation" aria-label={words.title}>
        <thead>
          <tr>
            <th scope="col" className="c-what">
              {words.columns[0]}
            </th>
            <th scope="col" className="c-how">
              {words.columns[1]}
            </th>
            <th scope="col">{words.columns[2]}</th>
          </tr>
        </thead>
        <tbody>
          {isolationRows(backend.isolation).map(({ what, isolated }) => (
            <tr key={what}>
              <th scope="row">{words.rows[what].what}</th>
              <td>
                <span className={`status ${isolated}`}>
                  <Mark name={isolated === 'yes' ? 'gone' : 'failed'} />
                  {words[isolated]}
                </span>
              </td>
              <td className="mid">{words.rows[what][isolated]}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {backend.fixes.length === 0 ? null : (
        <div className="how">
          <div className="h2">
            <span>{words.get}</span>
          </div>
          <Fixes fixes={backend.fixes} />
        </div>
      )}
    </Dialog>
  )
}

/** Asked only where there are sandboxes that end by it. */
function SwitchDialog({ onClose, onSwitch }: { onClose: () => void; onSwitch: () => void }) {
  const words = sandboxesWords.switching
  return (
    <Dialog
      title={words.title}
      about={words.about}
      open
      onClose={onClose}
      alert
      actions={
        <>
          <Button safe onClick={onClose}>
            {words.keep}
          </Button>
          <Button
            kind="primary"
            onClick={() => {
              onClose()
              onSwitch()
            }}
          >
            {words.go}
          </Button>
        </>
      }
    />
  )
}
