/** Who did something, as a person would say it: Berth by itself, somebody at a screen, or a client by its name. */
export function actorOf(who: string): { readonly kind: 'berth' | 'you' | 'client'; readonly name: string } {
  if (who.startsWith('berth:')) return { kind: 'berth', name: 'Berth' }
  if (who.startsWith('session:') || who === 'desktop' || who === 'client:desktop') return { kind: 'you', name: 'you' }
  const [, client = who, holder] = /^(?:client:)?(.*?)(?: holder:(.*))?$/.exec(who) ?? []
  // Whoever has the home's own token has no name but the one it holds under.
  return { kind: 'client', name: client === 'master' ? holder ?? 'the home’s token' : client }
}
