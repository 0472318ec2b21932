import type { SandboxRow } from '../../shared/state.ts'
import { Button } from '../parts/buttons/button.tsx'
import { Dialog } from '../parts/floats/dialog.tsx'
import { useFormat } from '../words/formats.ts'
import { sandboxesWords } from '../words/sandboxes.ts'
import { nameOf, useActions } from './use-actions.ts'

const words = sandboxesWords.release

/** Holds that are others' are theirs to give back: whoever does it for them is told what that means. */
export function ReleaseDialog({ sandboxes, onClose }: { sandboxes: readonly SandboxRow[]; onClose: () => void }) {
  const actions = useActions()
  const format = useFormat()
  const [one] = sandboxes
  const holders = [...new Set(sandboxes.flatMap((it) => it.holders.map(({ holder }) => holder)))]
  return (
    <Dialog
      open alert title={words.title(sandboxes.length === 1 && one ? nameOf(one) : format.count(sandboxes.length, 'sandbox', 'sandboxes'))} about={words.about} onClose={onClose}
      actions={<>
        <Button safe onClick={onClose}>{words.keep}</Button>
        <Button
          kind="primary"
          onClick={() => {
            onClose()
            void actions.release(sandboxes)
          }}
        >
          {words.release}
        </Button>
      </>}
    >
      <dl className="facts narrow"><dt>{sandboxesWords.destroy.held}</dt><dd>{holders.join(', ')}</dd></dl>
    </Dialog>
  )
}
