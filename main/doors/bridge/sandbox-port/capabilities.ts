import { timingSafeEqual } from 'node:crypto'
import { capability, type Generations } from '../../../house/home/generations.ts'

/** `path`: the secret of a capability URL. `browser`: what its cookie holds. */
export type Form = 'path' | 'browser'

/** Who may be let into which sandbox without a token: whoever shows what only Berth can derive. */
export interface Capabilities {
  of(form: Form, id: string): string
  /** In a time that depends on nothing but lengths, whether there is such a sandbox or not. */
  admits(form: Form, id: string, shown: string): boolean
  /** Those made so far are no longer taken. */
  renew(id: string): Promise<void>
  /** Resolves when those made from now on outlive a crash. */
  written(id: string): Promise<void>
}

export function capabilities(secret: string, generations: Generations): Capabilities {
  const of = (form: Form, id: string): string => capability(secret, form, id, generations.of(id))
  return {
    of,
    admits(form, id, shown) {
      const [wanted, got] = [Buffer.from(of(form, id)), Buffer.from(shown)]
      return wanted.byteLength === got.byteLength && timingSafeEqual(wanted, got)
    },
    renew: (id) => generations.renew(id),
    written: (id) => generations.written(id),
  }
}
