import { describeBackend } from '../../support/backend-contract.ts'
import { embeddedSubject } from '../../support/embedded-subject.ts'

describeBackend('embedded', () => embeddedSubject(), { pausable: true, sharedNames: false, outlivesClose: false, real: true })
