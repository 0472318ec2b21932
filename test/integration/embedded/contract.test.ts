import { describeBackend } from '../../support/backend-contract.ts'
import { embeddedSubject } from '../../support/embedded-subject.ts'

const embedded = { sharedNames: false, outlivesClose: false }

describeBackend('embedded', () => embeddedSubject(), { ...embedded, pausable: true, real: true })
// Nothing can be mounted without a namespace of its own, nor frozen for certain.
describeBackend('embedded without isolation', () => embeddedSubject({ isolation: 'none' }), { ...embedded, pausable: false, real: false })
