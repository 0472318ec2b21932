import { holderName } from '../../words/who.ts'
import { isSlot, nameOf, type ListRow } from './rows.logic.ts'

/** What was typed into the filter, taken apart. Of one key several values mean any of them; everything else must hold together. */
export interface Query {
  readonly words: readonly string[]
  readonly status: readonly string[]
  readonly holder: readonly string[]
  readonly image: readonly string[]
  readonly user: readonly string[]
}

export type QueryKey = Exclude<keyof Query, 'words'>

export const queryKeys: readonly QueryKey[] = ['status', 'holder', 'image', 'user']

/** `holder:deer-flow status:warm,paused invoice`. A key without a value yet narrows nothing: it is being typed. */
export function parseQuery(text: string): Query {
  const query: Record<keyof Query, string[]> = { words: [], status: [], holder: [], image: [], user: [] }
  for (const word of text.toLowerCase().split(/\s+/)) {
    if (word === '') continue
    const [, key = '', rest = ''] = /^([a-z]+):(.*)$/.exec(word) ?? []
    if ((queryKeys as readonly string[]).includes(key)) query[key as QueryKey].push(...rest.split(',').filter((value) => value !== ''))
    else query.words.push(word)
  }
  return query
}

export function isEmpty(query: Query): boolean {
  return Object.values(query).every((values) => values.length === 0)
}

export function matches(row: ListRow, query: Query): boolean {
  const any = (values: readonly string[], test: (value: string) => boolean) => values.length === 0 || values.some(test)
  const has = (text: string, value: string) => text.toLowerCase().includes(value)
  if (isSlot(row)) {
    return query.holder.length === 0 && query.user.length === 0
      && any(query.status, (value) => 'slot'.startsWith(value))
      && any(query.image, (value) => has(row.image ?? '', value))
      && query.words.every((word) => has(row.name, word) || has(row.image ?? '', word))
  }
  return any(query.status, (value) => row.status.startsWith(value) || ('working'.startsWith(value) && row.commands.length > 0))
    && any(query.holder, (value) => row.holders.some((held) => has(held.holder, value) || has(holderName(held), value)))
    && any(query.image, (value) => has(row.image ?? '', value))
    && any(query.user, (value) => has(row.user, value))
    && query.words.every((word) => has(nameOf(row), word) || has(row.id, word) || has(row.image ?? '', word) || row.holders.some((held) => has(held.holder, word) || has(holderName(held), word)))
}
