import type { SandboxRow } from '../../shared/state.ts'

/** What is asked for: words anywhere, and words that name where. */
export interface Search {
  readonly words: readonly string[]
  readonly named: readonly { readonly field: 'status' | 'holder' | 'image' | 'user' | 'thread'; readonly value: string }[]
}

const fields = new Set(['status', 'holder', 'image', 'user', 'thread'])

/** `status:warm holder:ci report`: all of it must hold. */
export function parseSearch(text: string): Search {
  const words: string[] = []
  const named: Search['named'][number][] = []
  for (const part of text.trim().toLowerCase().split(/\s+/)) {
    const [, field, value] = /^([a-z]+):(.*)$/.exec(part) ?? []
    if (field !== undefined && fields.has(field)) {
      if (value) named.push({ field: field as 'status', value })
    } else if (part !== '') words.push(part)
  }
  return { words, named }
}

type Searched = Pick<SandboxRow, 'id' | 'thread' | 'user' | 'status' | 'image' | 'holders'>

export function matches(row: Searched, { words, named }: Search): boolean {
  const holders = row.holders.map(({ holder }) => holder.toLowerCase())
  const text = [row.thread ?? 'anonymous', row.id, row.image ?? '', ...holders].join(' ').toLowerCase()
  return words.every((word) => text.includes(word)) && named.every(({ field, value }) => {
    if (field === 'holder') return holders.some((holder) => holder.includes(value))
    if (field === 'thread') return (row.thread ?? 'anonymous').toLowerCase().includes(value)
    return (row[field] ?? '').toLowerCase().startsWith(value) || (field === 'image' && (row.image ?? '').toLowerCase().includes(value))
  })
}
