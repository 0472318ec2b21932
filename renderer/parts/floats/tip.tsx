import { Tooltip } from '@base-ui/react/tooltip'
import { use, type ReactElement } from 'react'
import { Kbd } from '../signs/kbd.tsx'
import { FloatHost, InDialog } from './within.ts'

/** A name on hover and keyboard focus. It repeats what the control is called, so nothing is lost where it cannot show. */
export function Tip({ text, keys, children }: { text: string; keys?: string | undefined; children: ReactElement<Record<string, unknown>> }) {
  const host = use(FloatHost)
  const inDialog = use(InDialog)
  return (
    // Esc closes it, and means what it means besides.
    <Tooltip.Root onOpenChange={(_, details) => details.allowPropagation()}>
      <Tooltip.Trigger render={children} delay={500} />
      <Tooltip.Portal container={inDialog ?? host}>
        <Tooltip.Positioner className="pop tips" sideOffset={6} collisionPadding={8}>
          <Tooltip.Popup className="tip" aria-hidden="true">{text}{keys === undefined ? null : <Kbd keys={keys} />}</Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}
