import type { CallResult } from '../../shared/contract.ts'
import { fail } from '../../shared/errors.ts'
import type { Sandbox } from '../../shared/sandbox.ts'
import type { ImageShelf } from '../backends/backend.ts'
import type { ImageKeeper } from '../image-keeper.ts'
import type { Provider } from '../provider/provider-api.ts'
import type { Commands } from '../commands/commands.ts'
import type { Terminals } from '../terminals/terminals.ts'
import type { Handlers } from './handlers.ts'

export interface InsideDeps {
  readonly commands: Commands
  readonly terminals: Terminals
  readonly provider: Pick<Provider, 'get' | 'list'>
  readonly details: (sandbox: Sandbox) => Promise<CallResult<'details'>>
  /** null: this backend has none. */
  readonly images: { readonly shelf: ImageShelf; readonly keeper: Pick<ImageKeeper, 'start' | 'cancel' | 'state' | 'look'>; readonly name: () => string } | null
  readonly setConfig: (key: string, value: unknown, who: string) => Promise<CallResult<'config_set'>>
  readonly diagnostics: () => Promise<CallResult<'diagnostics'>>
}

type InsideCalls = 'interrupt' | 'terminal_open' | 'terminal_close' | 'details' | 'images' | 'image_prepare' | 'image_cancel' | 'image_remove' | 'config_set' | 'diagnostics'

/** A person at work in a sandbox, beside the agents. */
export function insideHandlers({ commands, terminals, provider, details, images, setConfig, diagnostics }: InsideDeps): Pick<Handlers, InsideCalls> {
  /** Names of the images in use, and what the engine has of them. */
  async function shelved({ shelf, name }: NonNullable<InsideDeps['images']>) {
    const used = provider.list().sandboxes.filter(({ container }) => container !== null)
    const names = [...new Set([name(), ...used.flatMap(({ image }) => (image === null ? [] : [image]))])]
    const [rows, ids] = await Promise.all([shelf.list(names), Promise.all(names.map(async (each) => [each, await shelf.idOf(each)] as const))])
    const idOf = new Map(ids)
    return rows.map((row) => ({
      ...row,
      current: row.id === idOf.get(name()),
      usedBy: used.filter(({ image }) => image !== null && idOf.get(image) === row.id).map(({ id }) => id),
    }))
  }

  return {
    details: async (selection) => await details(provider.get(selection)),
    interrupt: async ({ command }, context) => ({ interrupted: commands.interrupt(command, context.who) }),
    terminal_open: async ({ cols, rows, ...selection }, context) => await terminals.open(selection, { cols, rows }, context.who),
    terminal_close: async ({ terminal }, context) => ({ closed: await terminals.shut(terminal, context.who) }),
    images: async () => {
      if (!images) return { images: [] }
      const rows = await shelved(images)
      return {
        images: rows.map(({ id, names, bytes, createdAt, current, usedBy }) => ({
          id, names: [...names], bytes, created_at: new Date(createdAt).toISOString(), current, used_by: usedBy,
        })),
      }
    },
    image_prepare: async () => {
      if (!images) throw fail('NOT_SUPPORTED', 'This backend needs no image', { next: 'Nothing need be done.' })
      if (images.keeper.state().since !== null) return { started: false }
      // Asked: it may have gone since anybody looked.
      const there = (await images.shelf.idOf(images.name())) !== null
      images.keeper.start()
      return { started: !there }
    },
    image_cancel: async () => ({ cancelled: images?.keeper.cancel() ?? false }),
    image_remove: async ({ id }) => {
      const row = images && (await shelved(images)).find((each) => each.id === id)
      if (!row) throw fail('IMAGE_MISSING', `Berth has no image ${id.slice(0, 19)} here`, { next: 'Look at the list again.' })
      if (row.usedBy.length > 0) throw fail('THREAD_IN_USE', `The image ${row.names[0] ?? id} is in use by ${row.usedBy.length} of your sandboxes`, { next: 'Destroy them first.' })
      await images.shelf.remove(id, row.names)
      await images.keeper.look()
      return { removed: true }
    },
    config_set: async ({ key, value }, context) => await setConfig(key, value, context.who),
    diagnostics,
  }
}
