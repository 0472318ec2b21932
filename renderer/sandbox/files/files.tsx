import { useEffect, useEffectEvent, useRef, useState } from 'react'
import type { SandboxRow } from '../../../shared/state.ts'
import { hashOf, useRoute } from '../../state/page-address.ts'
import { useFootKeys } from '../../commands/foot-keys.ts'
import { Note } from '../../parts/blocks.tsx'
import { Button, IconButton, useCopied } from '../../parts/buttons.tsx'
import { type Chosen, nothingChosen } from '../../parts/grid/grid.logic.ts'
import { fileWords } from './files.words.ts'
import { isUp } from '../sandbox.logic.ts'
import type { TabProps } from '../tab.ts'
import { FileList } from './file-list.tsx'
import { crumbsOf, type FileRow, firstPath, type Mount, ownDirectory, parentOf, placeOf, shownName } from './files.logic.ts'
import { Preview } from './preview.tsx'
import { useListing, useMounts } from './use-listing.ts'
import { type Upload, useUpload } from './use-upload.ts'
import { useNative } from '../../state/contexts.ts'
import { Chip, Icon, Progress } from '../../parts/indicators.tsx'
import { useTask } from '../../parts/use-task.ts'
import { useFormat } from '../../words/format.ts'
import { Dialog } from '../../parts/overlays.tsx'

/** Files of a sandbox: `#/sandboxes/<id>/files?path=/mnt/…`. */
export function FilesTab({ row }: TabProps) {
  const { query } = useRoute()
  const mounts = useMounts(row.id)
  const path = query.path?.startsWith('/') ? query.path : firstPath(mounts)
  // Only the last step counts: whoever comes up out of a directory finds it chosen.
  const before = useRef({ path, from: null as string | null })
  if (before.current.path !== path) before.current = { path, from: before.current.path }
  // Whether this page woke it, as nothing else would tell.
  const [woke] = useState(row.status === 'paused')
  return <Directory key={path} row={row} path={path} from={before.current.from} mounts={mounts} woke={woke} />
}

interface DirectoryProps {
  readonly row: SandboxRow
  readonly path: string
  /** Where one was before, in this tab; null: this is the first. */
  readonly from: string | null
  readonly mounts: Parameters<typeof placeOf>[1]
  readonly woke: boolean
}

function Directory({ row: sandbox, path, from, mounts, woke }: DirectoryProps) {
  const { id } = sandbox
  const up = isUp(sandbox)
  const { listing, again } = useListing(sandbox, path)
  const [chosen, setChosen] = useState<Chosen>(nothingChosen)
  const [opened, setOpened] = useState(false)
  const [over, setOver] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  // Where there is room for one of them only, the preview takes the list's place: the focus goes with it.
  useEffect(() => {
    if (opened) box.current?.querySelector<HTMLElement>('.preview .src, .preview button')?.focus()
  }, [opened])

  // What had the focus has gone with the directory before: it comes along, on the way up to the row one came out of.
  const read = listing.state === 'read'
  const enters = useEffectEvent(() => {
    if (!read || from === null || !document.activeElement?.contains(box.current)) return
    const row = box.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(from)}"]`) ?? box.current?.querySelector<HTMLElement>('.filesbox')
    row?.focus()
  })
  useEffect(() => enters(), [read])

  function close(): void {
    if (!opened) return setChosen(nothingChosen)
    setOpened(false)
    const row = chosen.current
    requestAnimationFrame(() => {
      if (row !== null) box.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(row)}"]`)?.focus()
    })
  }
  const upload = useUpload({ id, path, onDone: again })
  const writable = up && placeOf(path, mounts).mount?.mode !== 'ro'
  const file = listing.state === 'read' ? (listing.files.find((one) => one.path === chosen.current && !one.directory) ?? null) : null
  useFootKeys([['Enter', fileWords.keys.open, 'row'], ...(parentOf(path) === null ? [] : [['Backspace', fileWords.keys.up, 'row'] as const])])

  function open(to: string): void {
    location.hash = hashOf(['sandboxes', id, 'files'], { path: to })
  }

  function enter(one: FileRow): void {
    if (one.directory) open(one.path)
    else setOpened(true)
  }

  return (
    <>
      <PathBar
        id={id}
        path={path}
        mounts={mounts}
        writable={writable}
        uploading={upload.going !== null}
        onOpen={open}
        onUpload={() => upload.start(null)}
        onAgain={again}
      />
      <UploadStrip upload={upload} />
      <div
        ref={box}
        className={`files${file === null ? ' alone' : ''}${opened && file !== null ? ' opened' : ''}`}
        onDragOver={(event) => {
          if (!event.dataTransfer.types.includes('Files')) return
          event.preventDefault()
          event.dataTransfer.dropEffect = writable ? 'copy' : 'none'
          setOver(true)
        }}
        onDragLeave={(event) => {
          if (!(event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget))) setOver(false)
        }}
        onDrop={(event) => {
          event.preventDefault()
          setOver(false)
          const files = [...event.dataTransfer.files]
          if (writable && files.length > 0) upload.start(files)
        }}
      >
        {upload.asked === null ? null : <ReplaceDialog names={upload.asked.names} others={upload.asked.others} onAnswer={upload.answer} />}
        <Places path={path} mounts={mounts} onOpen={open} />
        {listing.state === 'failed' ? (
          <div className="scroll pad">
            <Note
              kind="bad"
              live
              title={`${listing.error.message}.`.replace(/\.\.$/, '.')}
              action={
                <Button icon="retry" onClick={again}>
                  {fileWords.again}
                </Button>
              }
            >
              {listing.error.next}
            </Note>
          </div>
        ) : (
          <FileList
            path={path}
            files={listing.state === 'read' ? listing.files : null}
            chosen={chosen}
            onChoose={setChosen}
            onOpen={enter}
            note={woke ? fileWords.woke : null}
            onUp={() => {
              const parent = parentOf(path)
              if (parent !== null) open(parent)
            }}
          />
        )}
        {file === null ? null : <Preview key={file.path} id={id} file={file} onClose={close} />}
        {over ? (
          <div className="dropzone" aria-hidden="true">
            <span>{writable ? fileWords.drop(path) : fileWords.readOnly}</span>
          </div>
        ) : null}
      </div>
    </>
  )
}

export interface PathBarProps {
  readonly id: string
  readonly path: string
  readonly mounts: readonly Mount[]
  readonly writable: boolean
  readonly uploading: boolean
  readonly onOpen: (path: string) => void
  readonly onUpload: () => void
  readonly onAgain: () => void
}

/** Where one is, in the sandbox and on its host, and the ways out of it. */
function PathBar({ id, path, mounts, writable, uploading, onOpen, onUpload, onAgain }: PathBarProps) {
  const native = useNative()
  const { busy, run } = useTask()
  const { mount, host } = placeOf(path, mounts)
  const own = ownDirectory(path, mounts)
  const crumbs = crumbsOf(path)

  function show(target: string): void {
    run(async () => {
      const shown = own === null ? await native.reveal(target) : await native.openDirectory(id, own)
      if (!shown) await native.copy(target)
    })
  }

  return (
    <div className="strip ruled filesbar">
      <nav className="path" aria-label={fileWords.path}>
        <ol>
          {crumbs.map(({ name, path: to }, at) => (
            <li key={to} className={at === 0 ? 'root' : undefined} aria-current={at === crumbs.length - 1 ? 'location' : undefined}>
              {at === crumbs.length - 1 ? (
                shownName(name)
              ) : (
                <a
                  href={hashOf(['sandboxes', id, 'files'], { path: to })}
                  onClick={(event) => {
                    event.preventDefault()
                    onOpen(to)
                  }}
                >
                  {shownName(name)}
                </a>
              )}
            </li>
          ))}
        </ol>
      </nav>
      {mount === null ? (
        mounts.length === 0 ? null : (
          <span title={fileWords.notKeptWhy}>
            <Chip kind="warn">{fileWords.notKept}</Chip>
          </span>
        )
      ) : (
        <span title={mount.mode === 'rw' ? fileWords.rw : fileWords.ro}>
          <Chip>{mount.mode}</Chip>
        </span>
      )}
      {host === null ? (
        mounts.length === 0 ? null : (
          <span className="dim small cut onhost">{fileWords.notKeptWhy}</span>
        )
      ) : (
        <span className="dim small onhost" title={host}>
          {fileWords.host} <code>{tailOf(host)}</code>
        </span>
      )}
      <div className="end">
        {host === null ? null : native.kind === 'browser' ? (
          <CopyPath path={host} />
        ) : (
          <Button kind="quiet" icon={own === null ? 'reveal' : 'folder'} busy={busy} onClick={() => show(host)}>
            <span className="label">{own === null ? fileWords.reveal : fileWords.openFolder}</span>
          </Button>
        )}
        <IconButton icon="retry" label={fileWords.refresh} onClick={onAgain} />
        {writable ? (
          <Button kind="quiet" icon="upload" busy={uploading} onClick={onUpload} aria-label={fileWords.upload}>
            <span className="label">{fileWords.upload}</span>
          </Button>
        ) : null}
      </div>
    </div>
  )
}

/** A long path loses its beginning. */
function tailOf(path: string, most = 56): string {
  return path.length <= most ? shownName(path) : `…${shownName(path.slice(-most))}`
}

function CopyPath({ path }: { path: string }) {
  const { copied, copy } = useCopied()
  return (
    <Button kind="quiet" icon={copied === 'yes' ? 'check' : 'copy'} aria-label={fileWords.copyPath} onClick={() => copy(path)}>
      <span className="label">{copied === 'yes' ? fileWords.copied : fileWords.copyPath}</span>
    </Button>
  )
}

/** The directories that outlive the sandbox, and the rest of it. */
function Places({ path, mounts, onOpen }: { path: string; mounts: readonly Mount[]; onOpen: (path: string) => void }) {
  const here = placeOf(path, mounts).mount
  return (
    <nav className="tree" aria-label={fileWords.places}>
      <ul>
        {mounts.map((mount) => (
          <li key={mount.container}>
            <button
              type="button"
              className="place"
              aria-current={here === mount ? 'location' : undefined}
              title={mount.container}
              onClick={() => onOpen(mount.container)}
            >
              <Icon name="folder" />
              <span className="cut">{mount.container.split('/').at(-1)}</span>
              {mount.mode === 'ro' ? <Chip>ro</Chip> : null}
            </button>
          </li>
        ))}
        <li className="rest">
          <button
            type="button"
            className="place"
            aria-current={here === null && mounts.length > 0 ? 'location' : undefined}
            title={fileWords.notKeptWhy}
            onClick={() => onOpen('/')}
          >
            <Icon name="folder" />
            <span className="cut">{fileWords.others}</span> <span className="dim small">{fileWords.notKept}</span>
          </button>
        </li>
      </ul>
    </nav>
  )
}

function UploadStrip({ upload: { going, cancel } }: { upload: Upload }) {
  const format = useFormat()
  if (going === null) return null
  const text = format.sizes(going.done, going.total)
  return (
    <div className="strip ruled uploading">
      <span className="nowrap">{fileWords.uploading(text)}</span>
      <Progress done={going.done} total={going.total} label={fileWords.uploading(text)} />
      <div className="end">
        <Button small onClick={cancel}>
          {fileWords.cancel}
        </Button>
      </div>
    </div>
  )
}

const words = fileWords.replace
const most = 8

/** An upload would write over what an agent may have made: that is not done by a name alone. */
function ReplaceDialog({ names, others, onAnswer }: { names: readonly string[]; others: number; onAnswer: (replace: boolean) => void }) {
  const format = useFormat()
  const one = names.length === 1
  return (
    <Dialog
      title={words.title(one ? shownName(names[0] ?? '') : format.count(names.length, 'file'))}
      about={`${words.about(one)}${others === 0 ? '' : ` ${words.others(format.count(others, 'other file', 'other files'), others === 1)}`}`}
      open
      onClose={() => onAnswer(false)}
      alert
      actions={
        <>
          <Button safe onClick={() => onAnswer(false)}>
            {words.keep}
          </Button>
          <Button kind="danger" onClick={() => onAnswer(true)}>
            {words.button(names.length)}
          </Button>
        </>
      }
    >
      {one ? null : (
        <ul className="names">
          {names.slice(0, most).map((name) => (
            <li key={name}>
              <code>{shownName(name)}</code>
            </li>
          ))}
          {names.length > most ? <li className="dim">{words.more(format.number(names.length - most))}</li> : null}
        </ul>
      )}
    </Dialog>
  )
}
