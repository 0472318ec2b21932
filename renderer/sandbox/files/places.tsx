import { Icon } from '../../parts/signs/icon.tsx'
import { Chip } from '../../parts/signs/chip.tsx'
import { fileWords } from '../../words/files.ts'
import { placeOf, type Mount } from './path.logic.ts'

/** The directories that outlive the sandbox, and the rest of it. */
export function Places({ path, mounts, onOpen }: { path: string; mounts: readonly Mount[]; onOpen: (path: string) => void }) {
  const here = placeOf(path, mounts).mount
  return (
    <nav className="tree" aria-label={fileWords.places}>
      <ul>
        {mounts.map((mount) => (
          <li key={mount.container}>
            <button type="button" className="place" aria-current={here === mount ? 'location' : undefined} title={mount.container} onClick={() => onOpen(mount.container)}>
              <Icon name="folder" /><span className="cut">{mount.container.split('/').at(-1)}</span>{mount.mode === 'ro' ? <Chip>ro</Chip> : null}
            </button>
          </li>
        ))}
        <li className="rest">
          <button type="button" className="place" aria-current={here === null && mounts.length > 0 ? 'location' : undefined} title={fileWords.notKeptWhy} onClick={() => onOpen('/')}>
            <Icon name="folder" /><span className="cut">{fileWords.others}</span> <span className="dim small">{fileWords.notKept}</span>
          </button>
        </li>
      </ul>
    </nav>
  )
}
