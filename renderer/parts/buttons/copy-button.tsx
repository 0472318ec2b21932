import { use } from 'react'
import { useCopied, type Copied } from './copied.ts'
import { Icon } from '../signs/icon.tsx'
import { Tip } from '../floats/tip.tsx'
import { InRow } from '../floats/within.ts'

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
  const said = <span className="sr" role="status">{copied === 'no' ? '' : words[copied]}</span>
  if (label === undefined) {
    return (
      <>
        <button type="button" tabIndex={tabIndex} className={`btn small ${copied === 'yes' ? 'good-ink' : ''} ${className}`} onClick={() => copy(text)}>{icon}{words[copied]}</button>
        {said}
      </>
    )
  }
  return (
    <>
      <Tip text={copied === 'no' ? label : words[copied]}>
        <button type="button" tabIndex={tabIndex} className={`iconbtn small ${copied === 'yes' ? 'good-ink' : ''} ${className}`} aria-label={label} onClick={() => copy(text)}>{icon}</button>
      </Tip>
      {said}
    </>
  )
}
