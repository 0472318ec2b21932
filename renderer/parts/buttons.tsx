import { type ButtonHTMLAttributes, createContext, type KeyboardEvent, type ReactNode, type Ref, use, useEffect, useRef, useState } from 'react'
import { Icon, type IconName, Mark } from './indicators.tsx'
import { InRow, Tip } from './overlays.tsx'

/** How a text gets onto the clipboard: the shell's way, or the browser's. Throws where it cannot. */
export const CopyText = createContext<(text: string) => Promise<void>>((text) => navigator.clipboard.writeText(text))

type Copied = 'no' | 'yes' | 'failed'

/** Copies, and for 1.5 s says how that went. */
export function useCopied(): { copied: Copied; copy: (text: string | (() => Promise<void>)) => void } {
  const write = use(CopyText)
  const [copied, setCopied] = useState<Copied>('no')
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  function show(how: Copied): void {
    setCopied(how)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => setCopied('no'), 1500)
  }
  return {
    copied,
    copy: (text) => {
      ;(typeof text === 'string' ? write(text) : text()).then(
        () => show('yes'),
        () => show('failed'),
      )
    },
  }
}

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

const words: Readonly<Record<Copied, string>> = { no: 'Copy', yes: 'Copied', failed: 'Not copied' }

export interface CopyButtonProps {
  /** What is copied, or how: for what only the shell may see. */
  readonly text: string | (() => Promise<void>)
  /** What it copies, in words: "Copy the bridge address". Without it the button shows the word Copy. */
  readonly label?: string | undefined
  readonly className?: string | undefined
}

/** Says "Copied" for 1.5 s, once to screen readers. */
export function CopyButton({ text, label, className = '' }: CopyButtonProps) {
  const { copied, copy } = useCopied()
  const inRow = use(InRow)
  const icon = <Icon name={copied === 'yes' ? 'check' : copied === 'failed' ? 'warn' : 'copy'} />
  const tabIndex = inRow ? -1 : undefined
  const said = (
    <span className="sr" role="status">
      {copied === 'no' ? '' : words[copied]}
    </span>
  )
  if (label === undefined) {
    return (
      <>
        <button type="button" tabIndex={tabIndex} className={`btn small ${copied === 'yes' ? 'good-ink' : ''} ${className}`} onClick={() => copy(text)}>
          {icon}
          {words[copied]}
        </button>
        {said}
      </>
    )
  }
  return (
    <>
      <Tip text={copied === 'no' ? label : words[copied]}>
        <button
          type="button"
          tabIndex={tabIndex}
          className={`iconbtn small ${copied === 'yes' ? 'good-ink' : ''} ${className}`}
          aria-label={label}
          onClick={() => copy(text)}
        >
          {icon}
        </button>
      </Tip>
      {said}
    </>
  )
}

export interface SegmentsProps<V extends string> {
  readonly label: string
  readonly value: V
  readonly options: readonly { readonly value: V; readonly label: string }[]
  readonly onChange: (value: V) => void
  readonly disabled?: boolean | undefined
}

/** One of few, all of them in sight. */
export function Segments<V extends string>({ label, value, options, onChange, disabled = false }: SegmentsProps<V>) {
  return (
    <span className="segments" role="radiogroup" aria-label={label} onKeyDown={(event) => rove(event)?.click()}>
      {options.map((one) => (
        <button
          key={one.value}
          type="button"
          role="radio"
          aria-checked={one.value === value}
          disabled={disabled}
          tabIndex={one.value === value ? 0 : -1}
          onClick={() => onChange(one.value)}
        >
          {one.label}
        </button>
      ))}
    </span>
  )
}

export interface FiltersProps<V extends string> {
  readonly label: string
  readonly value: V
  readonly options: readonly { readonly value: V; readonly label: string; readonly count?: number | undefined }[]
  readonly onChange: (value: V) => void
}

/** Narrows a list: words with how many each would leave. */
export function Filters<V extends string>({ label, value, options, onChange }: FiltersProps<V>) {
  const current = options.some((one) => one.value === value) ? value : options[0]?.value
  return (
    <div className="filters" role="toolbar" aria-label={label} onKeyDown={(event) => rove(event)}>
      {options.map((one) => (
        <button key={one.value} type="button" aria-pressed={one.value === value} tabIndex={one.value === current ? 0 : -1} onClick={() => onChange(one.value)}>
          {one.label}
          {one.count === undefined ? null : (
            <>
              {' '}
              <span className="n">{one.count}</span>
            </>
          )}
        </button>
      ))}
    </div>
  )
}

/** ←→ (and ↑↓), Home and End move the focus inside a row of controls that is one tab stop. Gives the one moved to. */
export function rove(event: KeyboardEvent<HTMLElement>, selector = 'button:not(:disabled)'): HTMLElement | null {
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>(selector)]
  const at = all.indexOf(document.activeElement as HTMLElement)
  if (at < 0) return null
  const to = target(event.key, at, all.length)
  if (to === null) return null
  event.preventDefault()
  const found = all[to] ?? null
  found?.focus()
  return found
}

function target(key: string, at: number, count: number): number | null {
  if (key === 'ArrowRight' || key === 'ArrowDown') return (at + 1) % count
  if (key === 'ArrowLeft' || key === 'ArrowUp') return (at - 1 + count) % count
  if (key === 'Home') return 0
  if (key === 'End') return count - 1
  return null
}
