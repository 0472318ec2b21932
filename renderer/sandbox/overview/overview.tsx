import { Facts } from '../facts.tsx'
import type { TabProps } from '../tab.ts'

export function OverviewTab({ row }: TabProps) {
  return <Facts row={row} />
}
