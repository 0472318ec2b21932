/** Who did something, as a person would say it: Berth by itself, somebody at a screen, or a client by its name. */
export function actorOf(who: string): { readonly kind: 'berth' | 'you' | 'client'; readonly name: string } {
  if (who.startsWith('berth:')) return { kind: 'berth', name: 'Berth' }
  if (who.startsWith('session:') || who === 'desktop' || who === 'client:desktop') return { kind: 'you', name: 'you' }
  return { kind: 'client', name: who.replace(/^client:/, '').replace(/ holder:.*$/, '') }
}
