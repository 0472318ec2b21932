import type { SandboxRow } from '../../shared/state.ts'

/** The home's own token, by which whoever has none of their own calls. */
export const homeToken = 'the home’s token'

/** Who did something, as a person would say it: Berth by itself, somebody at a screen, or a client by its name. One name for one actor, wherever they are shown. */
export function actorOf(who: string, names: ReadonlyMap<string, string> = new Map()): { readonly kind: 'berth' | 'you' | 'client'; readonly name: string } {
  if (who.startsWith('berth:')) return { kind: 'berth', name: 'Berth' }
  const [, client = who, holder] = /^(?:client:)?(.*?)(?: holder:(.*))?$/.exec(who) ?? []
  if (client.startsWith('session:') || isScreen(client)) return { kind: 'you', name: 'you' }
  // A conversation is told apart from its program's others by the name of its hold.
  const named = holder === undefined ? undefined : names.get(holder)
  if (named !== undefined) return { kind: 'client', name: named }
  // Whoever has the home's own token has no name but the one it holds under.
  return client === 'master'
    ? { kind: 'client', name: holder === undefined || holder === client ? homeToken : holderName({ holder }) }
    : { kind: 'client', name: client }
}

/** A hold's holder, as people call it. */
export function holderName({ holder, name }: { readonly holder: string; readonly name?: string | undefined }): string {
  if (name !== undefined) return name
  return isScreen(holder) ? 'you' : holder === 'master' ? homeToken : holder
}

/** All of a sandbox, in the order in which they came. */
export function holdersOf(row: Pick<SandboxRow, 'holders'>): string[] {
  return row.holders.map(holderName)
}

/** The app's window or a browser: the same person, who is looking. */
function isScreen(client: string): boolean {
  return client === 'desktop' || client === 'browser'
}
