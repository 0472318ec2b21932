import { Button } from '../../parts/buttons/button.tsx'
import { Dialog } from '../../parts/floats/dialog.tsx'
import { sandboxesWords } from '../../words/sandboxes.ts'

/** Asked only where there are sandboxes that end by it. */
export function SwitchDialog({ onClose, onSwitch }: { onClose: () => void; onSwitch: () => void }) {
  const words = sandboxesWords.switching
  return (
    <Dialog
      title={words.title} about={words.about} open onClose={onClose} alert
      actions={
        <>
          <Button safe onClick={onClose}>{words.keep}</Button>
          <Button
            kind="primary"
            onClick={() => {
              onClose()
              onSwitch()
            }}
          >
            {words.go}
          </Button>
        </>
      }
    />
  )
}
