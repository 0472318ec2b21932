import { useMemo } from 'react'
import { useHouse } from '../house/use-house.ts'
import { go, hashOf } from '../route.ts'
import { sections } from '../../settings/settings.logic.ts'
import { frameWords } from '../../words/frame.ts'
import { holdersOf } from '../../words/who.ts'
import type { EntryGroup } from './palette.logic.ts'
import { useCommands } from './use-command.ts'

const parts = [['terminal', 'Open terminal', 'terminal'], ['logs', 'Open logs', 'logs'], ['files', 'Open files', 'folder'], ['stats', 'Open stats', 'chart']] as const

/** What the palette finds: what acts on the chosen thing first, then sandboxes, commands, screens, settings. */
export function useEntries(): EntryGroup[] {
  const all = useCommands().all()
  const sandboxes = useHouse((state) => state.sandboxes)
  return useMemo(() => {
    const words = frameWords.palette
    const groups = new Map<string, EntryGroup & { entries: EntryGroup['entries'] }>()
    const add = (title: string, entry: EntryGroup['entries'][number]) => {
      groups.set(title, { title, entries: [...groups.get(title)?.entries ?? [], entry] })
    }
    const shown = all.filter(({ hidden }) => hidden !== true)
    const entryOf = ({ id, title, detail, keys, icon, run }: (typeof shown)[number]) => ({ id, title, detail, keys: keys?.[0], icon, run })
    for (const command of shown) if (command.group !== undefined && command.group !== words.screens) add(command.group, entryOf(command))
    for (const row of Object.values(sandboxes)) {
      const holders = holdersOf(row)
      add(words.sandboxes, {
        id: `sandbox:${row.id}`, title: row.thread ?? row.id, status: row.status,
        detail: holders.length > 0 ? `held by ${holders.join(' and ')}` : row.status,
        run: () => go('sandboxes', row.id),
      })
    }
    for (const row of Object.values(sandboxes)) {
      for (const [tab, title, icon] of parts) add(words.inside, { id: `${tab}:${row.id}`, title, detail: row.thread ?? row.id, icon, run: () => go('sandboxes', row.id, tab) })
    }
    for (const command of shown) if (command.group === undefined) add(words.commands, entryOf(command))
    for (const command of shown) if (command.group === words.screens) add(words.screens, entryOf(command))
    for (const { key, label } of sections.flatMap(({ settings }) => settings)) {
      add(words.settings, { id: `setting:${key}`, title: label, detail: key, icon: 'settings', run: () => location.assign(hashOf(['settings'], { find: key })) })
    }
    return [...groups.values()]
  }, [all, sandboxes])
}
