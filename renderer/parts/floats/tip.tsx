import { Tooltip } from '@base-ui/react/tooltip'
import type { ReactElement } from 'react'
import { Kbd } from '../signs/kbd.tsx'

/** A name on hover and keyboard focus. It repeats what the control is called, so nothing is lost where it cannot show. */
export function Tip({ text, keys, children }: { text: string; keys?: string | undefined; children: ReactElement<Record<string, unknown>> }) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger render={children} delay={500} />
      <Tooltip.Portal>
        <Tooltip.Positioner className="pop tips" sideOffset={6} collisionPadding={8}>
          <Tooltip.Popup className="tip" aria-hidden="true">{text}{keys === undefined ? null : <Kbd keys={keys} />}</Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}
