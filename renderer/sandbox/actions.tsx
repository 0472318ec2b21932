import { useState } from 'react'
import type { SandboxRow } from '../../shared/state.ts'
import { useCommand } from '../frame/commands/use-command.ts'
import { useEndpoint, useNative } from '../frame/house/contexts.ts'
import { Button } from '../parts/buttons/button.tsx'
import { Dialog } from '../parts/floats/dialog.tsx'
import { Menu, type MenuItems } from '../parts/floats/menu.tsx'
import { useToast } from '../parts/floats/toasts.ts'
import { useDeeds } from '../sandboxes/deeds/deeds.ts'
import { sandboxWords } from '../words/sandbox.ts'
import { holderName } from '../words/who.ts'
import { isUp } from './sandbox.logic.ts'
import { useTask } from './use-task.ts'

/** What can be done with a sandbox, in its header. */
export function Actions({ row, name }: { row: SandboxRow; name: string }) {
  const endpoint = useEndpoint()
  const native = useNative()
  const toast = useToast()
  const releasing = useTask()
  const other = useTask()
  const deeds = useDeeds()
  const [asks, setAsks] = useState(false)
  const { id } = row
  const holders = row.holders.map(({ holder }) => holder)

  const releaseAll = () => deeds.release([row])
  function release(holder: string): void {
    releasing.run(async () => {
      await endpoint.call('release', { id, holder })
      toast({ status: 'warm', title: sandboxWords.released(name) })
    })
  }
  useCommand({ id: 'release', title: 'Release', detail: name, keys: ['r'], icon: 'castoff', when: holders.length > 0, run: releaseAll })
  useCommand({ id: 'destroy', title: 'Destroy…', detail: name, icon: 'trash', when: row.status !== 'failed', run: () => deeds.destroy([row]) })

  const more: MenuItems = [
    ...(row.thread === null ? [] : [{ label: sandboxWords.copyThread, icon: 'copy', run: () => other.run(() => native.copy(row.thread ?? '')) } as const]),
    { label: sandboxWords.copyId, icon: 'copy', run: () => other.run(() => native.copy(id)) },
    { label: sandboxWords.copyName, icon: 'copy', run: () => other.run(() => native.copy(row.name)) },
    'line',
    { label: sandboxWords.copyAddress, icon: 'copy', disabled: !isUp(row), run: () => other.run(() => native.copyAddress(id, 'program')) },
    { label: sandboxWords.copyEnter, icon: 'copy', disabled: !isUp(row), run: () => other.run(() => native.copyAddress(id, 'browser')) },
    'line',
    { label: sandboxWords.rotate, icon: 'key', disabled: row.status === 'failed', run: () => setAsks(true) },
  ]
  const button = <Button icon="castoff" busy={releasing.busy} onClick={holders.length > 1 ? undefined : releaseAll}><span className="label">{sandboxWords.release}</span></Button>
  return (
    <>
      {holders.length === 0 ? null : holders.length === 1 ? button : (
        <Menu
          label={sandboxWords.release} trigger={button}
          items={[...row.holders.map((held) => ({ label: sandboxWords.releaseOne(holderName(held)), run: () => release(held.holder) })), 'line', { label: sandboxWords.releaseAll, run: releaseAll }]}
        />
      )}
      {row.status === 'failed' ? (
        <Button icon="close" busy={other.busy} onClick={() => other.run(async () => void await endpoint.call('dismiss', { id }))}><span className="label">{sandboxWords.dismiss}</span></Button>
      ) : (
        <Button kind="quiet" bad icon="trash" onClick={() => deeds.destroy([row])}><span className="label">{sandboxWords.destroy}</span></Button>
      )}
      <Menu label={sandboxWords.more} items={more} />
      <Dialog
        title={sandboxWords.rotation.title} about={sandboxWords.rotation.about} open={asks} onClose={() => setAsks(false)} alert
        actions={<>
          <Button safe onClick={() => setAsks(false)}>{sandboxWords.rotation.keep}</Button>
          <Button
            kind="danger" busy={other.busy}
            onClick={() => other.run(async () => {
              await endpoint.call('rotate', { id })
              setAsks(false)
              toast({ status: 'active', title: sandboxWords.rotation.done, detail: sandboxWords.rotation.doneDetail })
            })}
          >
            {sandboxWords.rotation.confirm}
          </Button>
        </>}
      />
    </>
  )
}
