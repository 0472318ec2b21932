import { farId } from '../../../main/backends/remote/wire.ts'
import { describeBackend } from '../../support/backend-contract.ts'
import { kubernetesLike } from '../../support/kubernetes-like.ts'
import { remoteSubject } from '../../support/remote-subject.ts'

const remote = { pausable: false, sharedNames: false, outlivesClose: true, real: false }

describeBackend(
  'remote, on a provisioner like deer-flow’s Kubernetes one',
  async () => {
    const far = await kubernetesLike({ takes: 'seed' })
    return remoteSubject({ url: far.url, kill: (found) => Promise.resolve(far.crash(farId(found.ref))), close: () => far.close() })
  },
  { ...remote, dialect: { keepsDead: true } },
)
