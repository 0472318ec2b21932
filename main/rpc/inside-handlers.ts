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
  readonly images: { readonly shelf: ImageShelf; readonly keeper: Pick<ImageKeeper, 'start' | 'cancel' | 'state'>; readonly name: () => string } | null
  readonly setConfig: (key: string, value: unknown, who: string) => Promise<CallResult<'config_set'>>
  readonly diagnostics: () => Promise<CallResult<'diagnostics'>>
}

type InsideCalls = 'interrupt' | 'terminal_open' | 'terminal_close' | 'details' | 'images' | 'image_prepare' | 'image_cancel' | 'image_remove' | 'config_set' | 'diagnostics'

/** A person at work in a sandbox, beside the agents. */
export function insideHandlers({ commands, terminals, provider, details, images, setConfig, diagnostics }: InsideDeps): Pick<Handlers, InsideCalls> {
  return {
    details: async (selection) => await details(provider.get(selection)),
    interrupt: async ({ command }, context) => ({ interrupted: commands.interrupt(command, context.who) }),
    terminal_open: async ({ cols, rows, ...selection }, context) => await terminals.open(selection, { cols, rows }, context.who),
    terminal_close: async ({ terminal }, context) => ({ closed: await terminals.shut(terminal, context.who) }),
    images: async () => {
      if (!images) return { images: [] }
      const used = provider.list().sandboxes
      const names = [...new Set([images.name(), ...used.flatMap(({ image }) => (image === null ? [] : [image]))])]
      const [current, rows, ids] = await Promise.all([
        images.shelf.idOf(images.name()),
        images.shelf.list(names),
        Promise.all(names.map(async (name) => [name, await images.shelf.idOf(name)] as const)),
      ])
      const idOf = new Map(ids)
      return {
        images: rows.map(({ createdAt, names: tags, ...row }) => ({
          ...row,
          names: [...tags],
          created_at: new Date(createdAt).toISOString(),
          current: row.id === current,
          used_by: used.filter(({ image, container }) => container !== null && image !== null && (idOf.get(image) ?? image) === row.id).map(({ id }) => id),
        })),
      }
    },
    image_prepare: async () => {
      if (!images) throw fail('NOT_SUPPORTED', 'This backend needs no image', { next: 'Nothing need be done.' })
      const before = images.keeper.state()
      if (before.present || before.since !== null) return { started: false }
      images.keeper.start()
      return { started: true }
    },
    image_cancel: async () => ({ cancelled: images?.keeper.cancel() ?? false }),
    image_remove: async ({ id }) => {
      if (!images) return { removed: false }
      await images.shelf.remove(id)
      return { removed: true }
    },
    config_set: async ({ key, value }, context) => await setConfig(key, value, context.who),
    diagnostics,
  }
}
