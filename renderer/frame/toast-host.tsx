import { type ReactNode, useCallback, useEffect, useEffectEvent, useRef, useState } from 'react'
import { Button, IconButton } from '../parts/buttons.tsx'
import { Toasting, type ToastWords } from '../parts/toasts.ts'
import { Mark } from '../parts/indicators.tsx'
import { frameWords } from '../words/frame.ts'

interface Shown {
  readonly id: number
  readonly words: ToastWords
}

const staysMs = 6000
/** More at once are noise; the oldest goes. What happened is in Activity. */
const most = 3

export function ToastHost({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Shown[]>([])
  const last = useRef(0)
  const drop = useCallback((id: number) => setToasts((all) => all.filter((one) => one.id !== id)), [])
  const show = useCallback(
    (words: ToastWords) => {
      const id = (last.current += 1)
      setToasts((all) => [...all, { id, words }].slice(-most))
      return () => drop(id)
    },
    [drop],
  )
  const [held, setHeld] = useState(false)
  return (
    <Toasting value={show}>
      {children}
      <section
        className="toasts"
        aria-label="Messages"
        aria-live="polite"
        onPointerEnter={() => setHeld(true)}
        onPointerLeave={() => setHeld(false)}
        onFocus={() => setHeld(true)}
        onBlur={(event) => {
          if (!event.currentTarget.contains(event.relatedTarget)) setHeld(false)
        }}
      >
        {toasts.map((one) => (
          <Toast key={one.id} words={one.words} held={held} drop={() => drop(one.id)} />
        ))}
      </section>
    </Toasting>
  )
}

function Toast({ words, held, drop }: { words: ToastWords; held: boolean; drop: () => void }) {
  const gone = useEffectEvent(drop)
  useEffect(() => {
    if (held || words.stay) return
    const timer = setTimeout(() => gone(), staysMs)
    return () => clearTimeout(timer)
  }, [held, words.stay])
  return (
    <div className="toast">
      <span className={`status ${words.status ?? 'gone'}`}>
        <Mark name={words.status ?? 'gone'} />
      </span>
      <span>
        <span className="strong">{words.title}</span>
        {words.detail === undefined ? null : ` ${words.detail}`}
      </span>
      <span className="end">
        {words.action === undefined ? null : (
          <Button
            kind="quiet"
            small
            onClick={() => {
              words.action?.run()
              drop()
            }}
          >
            {words.action.label}
          </Button>
        )}
        <IconButton icon="close" label={frameWords.dismiss} small onClick={drop} />
      </span>
    </div>
  )
}
