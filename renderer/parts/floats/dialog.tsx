import { Dialog as Base } from '@base-ui/react/dialog'
import { useState, type ReactNode } from 'react'
import { InDialog } from './within.ts'

export interface DialogProps {
  readonly title: string
  /** One line under the title: what it is about, or what is lost. */
  readonly about?: ReactNode
  readonly open: boolean
  readonly onClose: () => void
  /** Buttons at the end of the foot; the safe one has `safe` and gets the focus, where no field has `data-first`. */
  readonly actions?: ReactNode
  /** At the beginning of the foot: what happens next. */
  readonly says?: ReactNode
  readonly children?: ReactNode
  /** It asks before work is lost: a press beside it does not answer. */
  readonly alert?: boolean | undefined
  /** Enter in a field. The whole becomes a form. */
  readonly onSubmit?: (() => void) | undefined
  readonly className?: string | undefined
}

/** The focus goes in when it opens, stays in, and returns where it was. Esc closes. */
export function Dialog({ title, about, open, onClose, actions, says, children, alert = false, onSubmit, className = '' }: DialogProps) {
  const [box, setBox] = useState<HTMLDivElement | null>(null)
  const inside = (
    <>
      <header>
        <Base.Title>{title}</Base.Title>
        {about === undefined ? null : <Base.Description>{about}</Base.Description>}
      </header>
      {children === undefined ? null : <div className="body">{children}</div>}
      <footer>
        {says === undefined ? null : <span className="dim small">{says}</span>}
        <span className="end">{actions}</span>
      </footer>
    </>
  )
  return (
    <Base.Root open={open} onOpenChange={(next) => { if (!next) onClose() }} disablePointerDismissal={alert}>
      <Base.Portal>
        <Base.Viewport className="scrim">
          <Base.Popup
            ref={setBox} role={alert ? 'alertdialog' : 'dialog'} aria-modal="true" className={`dialog ${className}`}
            initialFocus={() => box?.querySelector<HTMLElement>('[data-first]') ?? box?.querySelector<HTMLElement>('[data-safe]') ?? true}
          >
            <InDialog value={box}>
              {onSubmit === undefined ? inside : (
                <form
                  onSubmit={(event) => {
                    event.preventDefault()
                    onSubmit()
                  }}
                >
                  {inside}
                </form>
              )}
            </InDialog>
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  )
}
