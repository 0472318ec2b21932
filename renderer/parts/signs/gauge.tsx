import { Icon } from './icon.tsx'
import { Spark } from './spark.tsx'

export interface GaugeProps {
  readonly values: readonly (number | null)[]
  readonly limit?: number | null | undefined
  /** The number beside the picture, in words. */
  readonly text: string
  /** Near its limit: said by weight and a sign, not by colour alone. */
  readonly high?: boolean | undefined
  readonly className?: string | undefined
}

/** How much, with how it went. */
export function Gauge({ values, limit, text, high = false, className }: GaugeProps) {
  return (
    <span className="gauge">
      <Spark values={values} limit={limit} high={high} />
      <span className={className}>
        {high ? <span className="near strong warn-ink"><Icon name="warn" /><span className="sr">near its limit: </span>{text}</span> : text}
      </span>
    </span>
  )
}
