import { use, useState } from 'react'
import { useHouse, useNative } from '../state/contexts.ts'
import { go, useRoute } from '../state/page-address.ts'
import { frameWords } from '../words/frame.ts'
import { asBerthError } from '../../shared/errors.ts'
import { useToast } from '../parts/toasts.ts'
import { addressOf } from './side.logic.ts'
import { Palette } from './palette.tsx'
import { CommandsContext, runWhenThere, useCommand, useCommands } from '../commands/command.ts'
import { useTheme } from '../state/theme.ts'
import { Button } from '../parts/buttons.tsx'
import { Dialog } from '../parts/overlays.tsx'
import { Kbd } from '../parts/indicators.tsx'

/** The first that counts where the focus is is the one to tell: in a terminal Ctrl and a letter is the program's. */
export const paletteKeys = ['Mod+k', 'Mod+Shift+k'] as const

/** What can be done everywhere. In a browser no digit with Ctrl: those are the browser's own. */
export function FrameCommands() {
  const [open, setOpen] = useState<'palette' | 'keys' | null>(null)
  const [from, setFrom] = useState<HTMLElement | null>(null)
  const native = useNative()
  const url = useHouse(({ house }) => house.url)
  const shell = native.kind === 'electron'
  const toast = useToast()
  const { theme, choose } = useTheme()
  const { nav } = frameWords
  const { path } = useRoute()
  const commands = use(CommandsContext)
  async function copyAddress(): Promise<void> {
    try {
      await native.copy(url)
      toast({ title: frameWords.copied, detail: url })
    } catch (thrown) {
      const { message, next } = asBerthError(thrown)
      toast({ title: `${message}.`, detail: next, status: 'failed', stay: true })
    }
  }
  function openPalette(): void {
    setFrom(document.activeElement instanceof HTMLElement ? document.activeElement : null)
    setOpen('palette')
  }
  useCommand({ id: 'palette', title: frameWords.commands, keys: paletteKeys, hidden: true, run: openPalette })
  useCommand({ id: 'keys-help', title: frameWords.allKeys, keys: ['?'], icon: 'info', run: () => setOpen('keys') })
  useCommand({
    id: 'go-sandboxes',
    title: nav.sandboxes,
    group: 'Screens',
    icon: 'sandboxes',
    keys: shell ? ['Mod+1', 'g s'] : ['g s'],
    run: () => go('sandboxes'),
  })
  useCommand({
    id: 'go-activity',
    title: nav.activity,
    group: 'Screens',
    icon: 'activity',
    keys: shell ? ['Mod+2', 'g a'] : ['g a'],
    run: () => go('activity'),
  })
  useCommand({ id: 'go-images', title: nav.images, group: 'Screens', icon: 'images', keys: shell ? ['Mod+3', 'g i'] : ['g i'], run: () => go('images') })
  useCommand({ id: 'go-bridge', title: nav.bridge, group: 'Screens', icon: 'bridge', keys: shell ? ['Mod+4', 'g b'] : ['g b'], run: () => go('bridge') })
  useCommand({
    id: 'go-settings',
    title: nav.settings,
    group: 'Screens',
    icon: 'settings',
    keys: shell ? ['Mod+5', 'Mod+,', 'g ,'] : ['Mod+,', 'g ,'],
    run: () => go('settings'),
  })
  // Of screens that may not be open: they bring the rest when they are.
  useCommand({
    id: 'go-new-token',
    title: 'New token',
    icon: 'key',
    when: path[0] !== 'bridge',
    run: () => {
      go('bridge')
      runWhenThere(commands, 'new-token', () => performance.now())
    },
  })
  useCommand({
    id: 'go-doctor',
    title: 'Run doctor',
    detail: 'check this computer',
    icon: 'check',
    run: () => {
      go('settings')
      runWhenThere(commands, 'doctor', () => performance.now())
    },
  })
  useCommand({ id: 'copy-address', title: frameWords.copyAddress, detail: addressOf(url), icon: 'copy', run: () => void copyAddress() })
  useCommand({ id: 'theme-light', title: 'Light theme', icon: 'sun', when: theme !== 'light', run: () => choose('light') })
  useCommand({ id: 'theme-dark', title: 'Dark theme', icon: 'sun', when: theme !== 'dark', run: () => choose('dark') })
  useCommand({
    id: 'theme-system',
    title: 'System theme',
    detail: 'light or dark as this computer has it',
    icon: 'sun',
    when: theme !== 'system',
    run: () => choose('system'),
  })
  return (
    <>
      <Palette open={open === 'palette'} from={from} onClose={() => setOpen(null)} onKeys={() => setOpen('keys')} />
      <KeysDialog open={open === 'keys'} onClose={() => setOpen(null)} />
    </>
  )
}

/** Every key that does something now. */
function KeysDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const words = frameWords.keys
  const commands = useCommands()
    .all()
    .filter(({ keys }) => keys !== undefined && keys.length > 0)
  return (
    <Dialog
      title={words.title}
      about={words.about}
      open={open}
      onClose={onClose}
      className="keysdialog"
      actions={
        <Button safe onClick={onClose}>
          {words.close}
        </Button>
      }
    >
      <div className="keylists" tabIndex={0} role="group" aria-label={words.title}>
        <h3>{words.list}</h3>
        <dl>
          {words.rows.map(([keys, label]) => (
            <Row key={label} keys={keys} label={label} />
          ))}
        </dl>
        <h3>{words.everywhere}</h3>
        <dl>
          {commands.map((command) => (
            <Row key={command.id} keys={command.keys ?? []} label={command.title} />
          ))}
        </dl>
      </div>
    </Dialog>
  )
}

function Row({ keys, label }: { keys: readonly string[]; label: string }) {
  return (
    <>
      <dt>{label}</dt>
      <dd>
        {keys.map((one) => (
          <span key={one}>
            <Kbd keys={one} />
          </span>
        ))}
      </dd>
    </>
  )
}
