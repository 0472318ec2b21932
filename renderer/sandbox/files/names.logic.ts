import { hidden, shownText } from '../../../shared/shown-text.ts'

/** A name in which everything can be seen. */
export const shownName = (name: string): string => shownText(name)

/** A name for a file on this computer. */
export function savedName(name: string): string {
  const clean = name.replace(hidden, '').replace(/[/\\:*?"<>|]/g, '_').replace(/^[. ]+|[. ]+$/g, '')
  return clean === '' ? 'file' : clean.slice(0, 200)
}
