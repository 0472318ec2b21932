import { useFormat } from '../words/formats.ts'
import { activityWords as words } from '../words/activity.ts'
import type { summary } from './story.logic.ts'

/** What came of new threads, as a sentence. */
export function Summary({ of }: { of: ReturnType<typeof summary> }) {
  const format = useFormat()
  const total = of.slot + of.cold + of.failed
  if (total === 0) return <>{words.noNew}</>
  const parts = [
    of.slot > 0 ? <span key="slot">{words.tookSlot(of.slot)}{of.slotMs === null ? null : <span className="mid"> {words.inTime(format.inWords(of.slotMs))}</span>}</span> : null,
    of.cold > 0 ? <span key="cold">{words.startedCold(of.cold)}{of.coldMs === null ? null : <span className="mid"> {words.inTime(format.inWords(of.coldMs))}</span>}</span> : null,
    of.failed > 0 ? <span key="failed">{words.didFail(of.failed)}</span> : null,
  ].filter((part) => part !== null)
  return <><span className="strong">{words.newThreads(format.count(total, words.thread))}</span> {parts.flatMap((part, at) => (at === 0 ? [part] : [', ', part]))}.</>
}
