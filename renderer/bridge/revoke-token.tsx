import type { NamedToken } from '../../shared/calls/token-calls.ts'
import { asBerthError } from '../../shared/errors.ts'
import { useEndpoint } from '../frame/house/contexts.ts'
import { Button } from '../parts/buttons/button.tsx'
import { Dialog } from '../parts/floats/dialog.tsx'
import { useToast } from '../parts/floats/toasts.ts'
import { bridgeWords } from '../words/bridge.ts'

const words = bridgeWords.revokeAsk

export function RevokeToken({ token, onClose }: { token: NamedToken; onClose: () => void }) {
  const endpoint = useEndpoint()
  const toast = useToast()
  function revoke(): void {
    onClose()
    endpoint.call('token_revoke', { name: token.name }).catch((thrown: unknown) => {
      const error = asBerthError(thrown)
      toast({ title: error.message, detail: error.next, status: 'failed', stay: true })
    })
  }
  return (
    <Dialog
      open alert title={words.title(token.name)} about={words.about} onClose={onClose}
      actions={<><Button safe onClick={onClose}>{words.keep}</Button><Button kind="danger" onClick={revoke}>{words.revoke}</Button></>}
    />
  )
}
