import { Menu as Base } from '@base-ui/react/menu'
import { use } from 'react'
import type { MenuItems } from '../../parts/floats/menu.tsx'
import { FloatHost, uncoverGuards } from '../../parts/floats/within.ts'
import { Icon } from '../../parts/signs/icon.tsx'
import { keyCaps } from '../../parts/signs/key-caps.ts'

/** Where it opens: at a button, or where the pointer was. */
export type MenuPlace = Element | { getBoundingClientRect(): DOMRect }

/** One menu for all rows: hundreds of them would each cost their own. The focus goes back to the row it was opened from. */
export function RowMenu({ label, items, at, onClose, back }: { label: string; items: MenuItems; at: MenuPlace | null; onClose: () => void; back: () => HTMLElement | null }) {
  const host = use(FloatHost)
  return (
    <Base.Root open={at !== null} onOpenChangeComplete={uncoverGuards} onOpenChange={(open) => { if (!open) onClose() }} modal={false}>
      <Base.Portal container={host}>
        <Base.Positioner className="pop" anchor={at} align="end" sideOffset={4} collisionPadding={8}>
          <Base.Popup className="menu" aria-label={label} finalFocus={() => back() ?? true}>
            {items.map((one, index) => one === 'line' ? <Base.Separator key={index} render={<hr />} /> : (
              <Base.Item
                key={index} label={one.label} disabled={one.disabled} onClick={one.run}
                className={({ highlighted }) => [one.bad ? 'bad' : '', highlighted ? 'is-hover' : ''].join(' ').trim()}
              >
                {one.icon ? <Icon name={one.icon} /> : null}{one.label}
                {one.keys === undefined ? null : <span className="end" aria-hidden="true">{keyCaps(one.keys, /Mac/.test(navigator.platform)).join(' ')}</span>}
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
