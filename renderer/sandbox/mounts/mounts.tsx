import { Facts } from '../facts.tsx'
import type { TabProps } from '../tab.ts'

export function MountsTab({ row }: TabProps) {
  return <Facts row={row} />
}
