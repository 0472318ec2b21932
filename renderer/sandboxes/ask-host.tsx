import { useCallback, useState, type ReactNode } from 'react'
import { useCommand } from '../frame/commands/use-command.ts'
import { sandboxesWords as words } from '../words/sandboxes.ts'
import { Asking, type Question } from './asking.ts'
import { CreateDialog } from './create-dialog.tsx'
import { DestroyDialog } from './destroy-dialog.tsx'
import { ReleaseDialog } from './release-dialog.tsx'
import { ShutdownDialog } from './shutdown-dialog.tsx'
import { useActions } from './use-actions.ts'

/** The dialogs of sandboxes, for whatever screen is shown. */
export function AskHost({ children }: { children: ReactNode }) {
  const [question, setQuestion] = useState<Question | null>(null)
  const actions = useActions()
  const close = () => setQuestion(null)
  const ask = useCallback((next: Question) => {
    // A hold that is a person's own, or nobody's, is given back without a word.
    if (next.what === 'release' && next.sandboxes.every(({ holders }) => holders.every(({ holder }) => holder === 'desktop' || holder === 'browser'))) void actions.release(next.sandboxes)
    else setQuestion(next)
  }, [actions])
  useCommand({ id: 'new-sandbox', title: words.newSandbox, icon: 'plus', keys: ['n'], run: () => ask({ what: 'create' }) })
  useCommand({ id: 'shut-down-all', title: words.shutDownAll, icon: 'power', run: () => ask({ what: 'shutdown' }) })
  return (
    <Asking value={ask}>
      {children}
      {question?.what === 'create' ? <CreateDialog onClose={close} /> : null}
      {question?.what === 'destroy' ? <DestroyDialog sandboxes={question.sandboxes} onClose={close} /> : null}
      {question?.what === 'release' ? <ReleaseDialog sandboxes={question.sandboxes} onClose={close} /> : null}
      {question?.what === 'shutdown' ? <ShutdownDialog onClose={close} /> : null}
    </Asking>
  )
}
