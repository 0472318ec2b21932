import { Facts } from '../facts.tsx'
import type { TabProps } from '../tab.ts'

export function StatsTab({ row }: TabProps) {
  return <Facts row={row} />
}
