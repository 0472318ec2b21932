import type { ProviderDeps } from './deps.ts'

/** Which image the configured name means on the engine: one that is built or pulled anew is another under the same name. */
export interface ImageNow {
  /** As last heard, short enough for a label; '': never heard, or a backend without images. Then nothing is told apart by it. */
  mark(): string
  /** Asks the engine; whoever comes meanwhile shares the answer. What cannot be learnt now stays as it was: unknown is not another. */
  look(): Promise<void>
}

export function imageNow({ backend, config }: Pick<ProviderDeps, 'backend' | 'config'>): ImageNow {
  const heard = new Map<string, string>()
  const asking = new Map<string, Promise<void>>()

  async function ask(image: string): Promise<void> {
    const id = await backend.images?.idOf(image).catch(() => null)
    if (typeof id !== 'string') return
    heard.clear()
    heard.set(image, id.replace(/^\w+:/, '').slice(0, 16))
  }

  return {
    mark: () => heard.get(config().image) ?? '',
    look() {
      const { image } = config()
      const shared = asking.get(image) ?? ask(image).finally(() => asking.delete(image))
      asking.set(image, shared)
      return shared
    },
  }
}
