import { Dialog as Base } from '@base-ui/react/dialog'
import { Command as Cmdk } from 'cmdk'
import { useEffect, useMemo, useRef, useState } from 'react'
import { Icon, Kbd, Mark } from '../parts/indicators.tsx'
import { frameWords } from '../words/frame.ts'
import { type Entry, type EntryGroup, type Piece, search } from './palette.logic.ts'
import { useHouse } from '../state/contexts.ts'
import { go, hashOf } from '../state/page-address.ts'
import { sections } from '../settings/settings.logic.ts'
import { holdersOf } from '../words/who.ts'
import { useCommands } from '../commands/command.ts'

const mostInGroup = 12

export interface PaletteProps {
  readonly open: boolean
  /** What had the focus when it was opened: it gets it back. */
  readonly from: HTMLElement | null
  readonly onClose: () => void
  /** `?` in the empty field. */
  readonly onKeys: () => void
}

/** Everything there is, by its name. The field has the focus at once, for those who type on without looking. */
export function Palette({ open, from, onClose, onKeys }: PaletteProps) {
  return (
    <Base.Root
      open={open}
      onOpenChange={(next) => {
        if (!next) onClose()
      }}
    >
      <Base.Portal>
        <Base.Viewport className="scrim palette-scrim">
          <Base.Popup className="palette" aria-modal="true" aria-label={frameWords.commands} finalFocus={() => from ?? true}>
            <Found onClose={onClose} onKeys={onKeys} />
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  )
}

function Found({ onClose, onKeys }: { onClose: () => void; onKeys: () => void }) {
  const words = frameWords.palette
  const [text, setText] = useState('')
  const entries = useEntries()
  const groups = useMemo(
    () => search(text === '' ? entries.filter(({ title }) => title !== words.settings && title !== words.inside) : entries, text, mostInGroup),
    [entries, text, words],
  )
  const count = groups.reduce((sum, group) => sum + group.hits.length, 0)
  const box = useRef<HTMLDivElement>(null)
  const [, setMarked] = useState('')

  // cmdk names the marked one to screen readers when it is moved by an arrow, not when what was typed moves it.
  useEffect(() => {
    const marked = box.current?.querySelector('[role="option"][data-selected="true"]')?.id
    for (const one of box.current?.querySelectorAll('[aria-activedescendant], [role="combobox"]') ?? []) {
      if (marked === undefined) one.removeAttribute('aria-activedescendant')
      else one.setAttribute('aria-activedescendant', marked)
    }
  })

  // It closes first, so that what the command opens gets the focus, not the place the palette came from.
  function run(entry: Entry): void {
    onClose()
    setTimeout(entry.run)
  }

  return (
    <Cmdk
      ref={box}
      onValueChange={setMarked}
      label={words.label}
      shouldFilter={false}
      loop
      vimBindings={false}
      onKeyDown={(event) => {
        if (event.key !== '?' || text !== '') return
        event.preventDefault()
        onKeys()
      }}
    >
      <div className="ask">
        <Icon name="search" />
        <Cmdk.Input autoFocus value={text} onValueChange={setText} aria-label={words.label} placeholder={words.label} />
        {text === '' ? null : (
          <span className="dim small" role="status">
            {count} found
          </span>
        )}
      </div>
      {/* A list of options holds options only. */}
      {groups.length === 0 ? <p className="none">{words.none(text)}</p> : null}
      <Cmdk.List className="found" label="Found">
        {groups.map((group) => (
          <Cmdk.Group
            key={group.title}
            heading={
              <>
                {group.title}
                {group.detail === undefined ? null : <span className="dim">{group.detail}</span>}
              </>
            }
          >
            {group.hits.map(({ entry, title, detail }) => (
              <Cmdk.Item key={entry.id} value={entry.id} onSelect={() => run(entry)}>
                {entry.status ? (
                  <span className={`status ${entry.status}`}>
                    <Mark name={entry.status} />
                  </span>
                ) : (
                  <Icon name={entry.icon ?? 'right'} />
                )}
                <span className="cut">
                  <Pieces of={title} />
                  {detail.length === 0 ? null : (
                    <>
                      {' '}
                      <span className="dim">
                        <Pieces of={detail} />
                      </span>
                    </>
                  )}
                </span>
                <span className="end">{entry.keys === undefined ? null : <Kbd keys={entry.keys} />}</span>
              </Cmdk.Item>
            ))}
          </Cmdk.Group>
        ))}
      </Cmdk.List>
      <div className="hints" aria-hidden="true">
        <span>
          <Kbd keys="ArrowUp" />
          <Kbd keys="ArrowDown" /> {words.choose}
        </span>
        <span>
          <Kbd keys="Enter" /> {words.run}
        </span>
        <span>
          <Kbd keys="Escape" /> {words.close}
        </span>
        <span className="end">
          <Kbd keys="?" /> {frameWords.allKeys}
        </span>
      </div>
    </Cmdk>
  )
}

function Pieces({ of }: { of: readonly Piece[] }) {
  return of.map((piece, at) => (piece.hit ? <mark key={at}>{piece.text}</mark> : piece.text))
}

const parts = [
  ['terminal', 'Open terminal', 'terminal'],
  ['logs', 'Open logs', 'logs'],
  ['files', 'Open files', 'folder'],
  ['stats', 'Open stats', 'chart'],
] as const

/** What the palette finds: what acts on the chosen thing first, then sandboxes, commands, screens, settings. */
function useEntries(): EntryGroup[] {
  const all = useCommands().all()
  const sandboxes = useHouse((state) => state.sandboxes)
  return useMemo(() => {
    const words = frameWords.palette
    const groups = new Map<string, EntryGroup & { entries: EntryGroup['entries'] }>()
    const add = (title: string, entry: EntryGroup['entries'][number]) => {
      groups.set(title, { title, entries: [...(groups.get(title)?.entries ?? []), entry] })
    }
    const shown = all.filter(({ hidden }) => hidden !== true)
    const entryOf = ({ id, title, detail, keys, icon, run }: (typeof shown)[number]) => ({ id, title, detail, keys: keys?.[0], icon, run })
    for (const command of shown) if (command.group !== undefined && command.group !== words.screens) add(command.group, entryOf(command))
    for (const row of Object.values(sandboxes)) {
      const holders = holdersOf(row)
      add(words.sandboxes, {
        id: `sandbox:${row.id}`,
        title: row.thread ?? row.id,
        status: row.status,
        detail: holders.length > 0 ? `held by ${holders.join(' and ')}` : row.status,
        run: () => go('sandboxes', row.id),
      })
    }
    for (const row of Object.values(sandboxes)) {
      for (const [tab, title, icon] of parts)
        add(words.inside, { id: `${tab}:${row.id}`, title, detail: row.thread ?? row.id, icon, run: () => go('sandboxes', row.id, tab) })
    }
    for (const command of shown) if (command.group === undefined) add(words.commands, entryOf(command))
    for (const command of shown) if (command.group === words.screens) add(words.screens, entryOf(command))
    for (const { key, label } of sections.flatMap(({ settings }) => settings)) {
      add(words.settings, {
        id: `setting:${key}`,
        title: label,
        detail: key,
        icon: 'settings',
        run: () => location.assign(hashOf(['settings'], { find: key })),
      })
    }
    return [...groups.values()]
  }, [all, sandboxes])
}
