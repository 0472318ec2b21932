import { Facts } from '../facts.tsx'
import type { TabProps } from '../tab.ts'

export function EventsTab({ row }: TabProps) {
  return <Facts row={row} />
}
