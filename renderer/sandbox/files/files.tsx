import { useEffect, useEffectEvent, useRef, useState } from 'react'
import type { SandboxRow } from '../../../shared/state.ts'
import { hashOf, useRoute } from '../../frame/route.ts'
import { useFootKeys } from '../../frame/window/foot-keys.ts'
import { Note } from '../../parts/blocks/note.tsx'
import { Button } from '../../parts/buttons/button.tsx'
import { nothingChosen, type Chosen } from '../../parts/grid/grid.logic.ts'
import { fileWords } from '../../words/files.ts'
import { isUp } from '../sandbox.logic.ts'
import type { TabProps } from '../tab.ts'
import { FileList } from './file-list.tsx'
import type { FileRow } from './file-sort.logic.ts'
import { PathBar } from './path-bar.tsx'
import { firstPath, parentOf, placeOf } from './path.logic.ts'
import { Places } from './places.tsx'
import { Preview } from './preview.tsx'
import { ReplaceDialog } from './replace-dialog.tsx'
import { UploadStrip } from './upload-strip.tsx'
import { useListing, useMounts } from './use-listing.ts'
import { useUpload } from './use-upload.ts'

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
    requestAnimationFrame(() => { if (row !== null) box.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(row)}"]`)?.focus() })
  }
  const upload = useUpload({ id, path, onDone: again })
  const writable = up && placeOf(path, mounts).mount?.mode !== 'ro'
  const file = listing.state === 'read' ? listing.files.find((one) => one.path === chosen.current && !one.directory) ?? null : null
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
      <PathBar id={id} path={path} mounts={mounts} writable={writable} uploading={upload.going !== null} onOpen={open} onUpload={() => upload.start(null)} onAgain={again} />
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
        onDragLeave={(event) => { if (!(event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget))) setOver(false) }}
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
          <div className="scroll pad"><Note kind="bad" live title={`${listing.error.message}.`.replace(/\.\.$/, '.')} action={<Button icon="retry" onClick={again}>{fileWords.again}</Button>}>{listing.error.next}</Note></div>
        ) : (
          <FileList
            path={path} files={listing.state === 'read' ? listing.files : null} chosen={chosen} onChoose={setChosen} onOpen={enter} note={woke ? fileWords.woke : null}
            onUp={() => {
              const parent = parentOf(path)
              if (parent !== null) open(parent)
            }}
          />
        )}
        {file === null ? null : <Preview key={file.path} id={id} file={file} onClose={close} />}
        {over ? <div className="dropzone" aria-hidden="true"><span>{writable ? fileWords.drop(path) : fileWords.readOnly}</span></div> : null}
      </div>
    </>
  )
}
