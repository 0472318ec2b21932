import { use, type ButtonHTMLAttributes, type Ref } from 'react'
import { Icon, type IconName } from '../signs/icon.tsx'
import { Tip } from '../floats/tip.tsx'
import { InRow } from '../floats/within.ts'

export interface IconButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'children'> {
  readonly icon: IconName
  /** Its name, for everyone: shown on hover and focus, and read aloud. */
  readonly label: string
  readonly small?: boolean | undefined
  /** Its key, shown in the tip. */
  readonly keys?: string | undefined
  readonly pressed?: boolean | undefined
  readonly ref?: Ref<HTMLButtonElement> | undefined
}

export function IconButton({ icon, label, small = false, keys, pressed, className, ...rest }: IconButtonProps) {
  const inRow = use(InRow)
  return (
    <Tip text={label} keys={keys}>
      <button
        type="button"
        tabIndex={inRow ? -1 : undefined}
        {...rest}
        className={['iconbtn', small ? 'small' : '', className ?? ''].filter((one) => one !== '').join(' ')}
        aria-label={label}
        aria-pressed={pressed}
      >
        <Icon name={icon} />
      </button>
    </Tip>
  )
}
