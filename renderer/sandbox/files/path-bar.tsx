import { useNative } from '../../frame/house/contexts.ts'
import { hashOf } from '../../frame/route.ts'
import { Button } from '../../parts/buttons/button.tsx'
import { useCopied } from '../../parts/buttons/copied.ts'
import { IconButton } from '../../parts/buttons/icon-button.tsx'
import { Chip } from '../../parts/signs/chip.tsx'
import { fileWords } from '../../words/files.ts'
import { useTask } from '../use-task.ts'
import { shownName } from './names.logic.ts'
import { crumbsOf, ownDirectory, placeOf, type Mount } from './path.logic.ts'

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
export function PathBar({ id, path, mounts, writable, uploading, onOpen, onUpload, onAgain }: PathBarProps) {
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
              {at === crumbs.length - 1 ? shownName(name) : (
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
      {mount === null ? (mounts.length === 0 ? null : <span title={fileWords.notKeptWhy}><Chip kind="warn">{fileWords.notKept}</Chip></span>) : <span title={mount.mode === 'rw' ? fileWords.rw : fileWords.ro}><Chip>{mount.mode}</Chip></span>}
      {host === null ? (mounts.length === 0 ? null : <span className="dim small cut onhost">{fileWords.notKeptWhy}</span>) : (
        <span className="dim small onhost" title={host}>{fileWords.host} <code>{tailOf(host)}</code></span>
      )}
      <div className="end">
        {host === null ? null : native.kind === 'browser' ? <CopyPath path={host} /> : (
          <Button kind="quiet" icon={own === null ? 'reveal' : 'folder'} busy={busy} onClick={() => show(host)}><span className="label">{own === null ? fileWords.reveal : fileWords.openFolder}</span></Button>
        )}
        <IconButton icon="retry" label={fileWords.refresh} onClick={onAgain} />
        {writable ? <Button kind="quiet" icon="upload" busy={uploading} onClick={onUpload} aria-label={fileWords.upload}><span className="label">{fileWords.upload}</span></Button> : null}
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
