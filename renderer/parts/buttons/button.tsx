import { use, type ButtonHTMLAttributes, type ReactNode, type Ref } from 'react'
import { Icon, type IconName } from '../signs/icon.tsx'
import { Mark } from '../signs/mark.tsx'
import { InRow } from '../floats/within.ts'

export interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'children'> {
  /** One primary a screen; danger only in the dialog that confirms. */
  readonly kind?: 'primary' | 'plain' | 'quiet' | 'danger' | undefined
  /** A quiet button that leads to something destructive. */
  readonly bad?: boolean | undefined
  readonly small?: boolean | undefined
  readonly icon?: IconName | undefined
  /** Work goes on: a turning mark, and no second press. The focus stays where it is. */
  readonly busy?: boolean | undefined
  /** Gets the focus when its dialog opens: the choice that loses nothing. */
  readonly safe?: boolean | undefined
  readonly ref?: Ref<HTMLButtonElement> | undefined
  readonly children?: ReactNode
}

export function Button({ kind = 'plain', bad = false, small = false, icon, busy = false, safe = false, className, children, onClick, ...rest }: ButtonProps) {
  const inRow = use(InRow)
  const classes = ['btn', kind === 'plain' ? '' : kind, bad ? 'bad' : '', small ? 'small' : '', className ?? ''].filter((one) => one !== '').join(' ')
  return (
    <button
      type="button"
      tabIndex={inRow ? -1 : undefined}
      {...rest}
      className={classes}
      aria-busy={busy || undefined}
      data-safe={safe || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
    >
      {busy ? <Mark name="creating" /> : icon ? <Icon name={icon} /> : null}
      {children}
    </button>
  )
}
